"""People who walk, stand and sit on a floor, seen by cameras whose place is known."""

import numpy as np
from scipy.spatial.transform import Rotation
from stick_people import STANDING_M

from hotvid.geometry import assumed_focal_px, project
from hotvid.post.contacts import FEET
from hotvid.post.floor import ANKLE_M
from hotvid.post.gravity import centre_of_mass
from hotvid.skeleton import H36M17
from hotvid.types import ModelsUsed, Motion3D, Person, Poses, Track2D, VideoInfo

FPS, SIZE_PX = 30.0, (1280, 720)
FOCAL_PX = assumed_focal_px(SIZE_PX)
J = {name: i for i, name in enumerate(H36M17.joints)}
UP = np.array([0.0, -1.0, 0.0])  # of a level camera
LEGS = {
    side: [H36M17.index(f"{side}_{j}") for j in ("hip", "knee", "ankle")]
    for side in ("right", "left")
}


def bend(leg, ankle):
    """Hip, knee, ankle (3, 3) with the ankle where it should be, the knee towards +z."""
    hip, thigh, shank = leg[0], 0.42, 0.415
    way = ankle - hip
    far = min(np.linalg.norm(way), 0.999 * (thigh + shank))
    along = way / np.linalg.norm(way)
    ahead = (thigh**2 + far**2 - shank**2) / (2 * far)
    across = np.array([0, 0, 1.0]) - along[2] * along
    across /= np.linalg.norm(across)
    knee = hip + ahead * along + np.sqrt(max(thigh**2 - ahead**2, 0)) * across
    return np.stack([hip, knee, hip + far * along])


def walker(n=120, start=(0.0, 0.0), speed=1.2, size=1.0, jump=None):
    """(n, 17, 3) world, y up, and (n, 2) standing feet: steps along +z whose feet do not slide."""
    still = STANDING_M * [1, -1, -1]  # faces +z: its right is at -x
    xyz = np.tile(still, (n, 1, 1))
    t, period = np.arange(n) / FPS, 1.0
    standing = np.zeros((n, 2), bool)
    for row in range(n):
        xyz[row] += [start[0] / size, 0.86, start[1] / size + speed * t[row]]
        for side, (name, phase) in enumerate((("right", 0.0), ("left", 0.5))):
            cycle = t[row] / period + phase
            step, inside = divmod(cycle, 1.0)
            stance = inside < 0.6
            swing = np.clip((inside - 0.6) / 0.4, 0, 1)
            swung = swing - np.sin(2 * np.pi * swing) / (2 * np.pi)
            z = speed * period * (step - phase + 0.3 + swung)
            x = xyz[row, LEGS[name][0], 0]
            y = ANKLE_M + 0.12 * np.sin(np.pi * swing)
            standing[row, side] = stance
            leg = xyz[row, LEGS[name]]
            xyz[row, LEGS[name]] = bend(leg, np.array([x, y, z + start[1] / size]))
    if jump is not None:
        first, last, high = jump
        share = (np.arange(first, last) - first) / (last - first)
        xyz[first:last, :, 1] += (high * 4 * share * (1 - share))[:, None]
        standing[first:last] = False
    return xyz * size, standing


def standing(n=60):
    """(n, 17, 3) world, y up: on the floor, the knees a little bent."""
    xyz = np.tile(STANDING_M * [1, -1, -1] + [0, 0.86, 0], (n, 1, 1))
    for side in ("right", "left"):
        leg = [J[f"{side}_{j}"] for j in ("hip", "knee", "ankle")]
        ankle = xyz[0, leg[0]] * [1, 0, 1] + [0, 0.08, 0]
        xyz[:, leg] = bend(xyz[0, leg], ankle)
    return xyz


def sitting():
    """(60, 17, 3) camera axes: thighs level, shanks upright, the trunk upright."""
    xyz = np.tile(STANDING_M, (60, 1, 1))
    for hip, knee, ankle in LEGS.values():
        xyz[:, knee] = xyz[:, hip] + [0, 0.05, -0.42]
        xyz[:, ankle] = xyz[:, knee] + [0, 0.42, 0]
    return xyz


def on_one_leg():
    """(30, 17, 3) camera axes: the left foot is below the weight, the right one held up aside."""
    xyz = STANDING_M.copy()
    xyz[J["right_knee"]] = xyz[J["right_hip"]] + [-0.35, 0.2, 0]
    xyz[J["right_ankle"]] = xyz[J["right_knee"]] + [-0.3, 0.25, 0]
    for _ in range(20):  # the foot has weight, too
        xyz[J["left_ankle"], 0] = centre_of_mass(xyz)[0]
        xyz[J["left_ankle"], 2] = centre_of_mass(xyz)[2] + 0.05  # bears 5 cm before the ankle
    return np.tile(xyz, (30, 1, 1))


def rolled(xyz, degrees):
    """Camera axes: as seen by a camera that was held turned about its line of sight."""
    return xyz @ Rotation.from_euler("z", degrees, degrees=True).as_matrix().T


def stands(over_m, height_m, n=5):
    """(n * n, 3) standing ankles on a square of ground, the camera `height_m` over the floor."""
    x, z = np.meshgrid(np.linspace(-2, 2, n), np.linspace(3, 7, n))
    over = np.broadcast_to(over_m, (n, n))
    return np.stack([x, height_m - over, z], -1).reshape(-1, 3)


def camera(pitch=20.0, roll=12.0, height=2.0):
    """(3, 3) world to camera, and where it is: z = -6, looking towards +z and down."""
    level = np.diag([-1.0, -1.0, 1.0])
    turn = Rotation.from_euler("zx", [roll, pitch], degrees=True).as_matrix()
    return turn @ level, np.array([0.0, height, -6.0])


def filmed(people, rotation, place, first_id=0, noise=None):
    """Poses as a lifter without errors gives them; `noise` (F,) is that of everyone's distance."""
    out = []
    for number, xyz in enumerate(people):
        seen = (xyz - place) @ rotation.T
        if noise is not None:
            seen = seen * (1 + noise[:, None, None])
        n = len(xyz)
        track = Track2D(
            track_id=first_id + number,
            joint_set="h36m17",
            frame_index=np.arange(n),
            xy_px=project(seen, FOCAL_PX, SIZE_PX).astype(np.float32),
            score=np.ones((n, 17), np.float32),
            box_px=np.zeros((n, 4), np.float32),
            person_score=np.ones(n, np.float32),
            interpolated=np.zeros(n, bool),
        )
        motion = Motion3D((seen - seen[:, :1]).astype(np.float32), seen[:, 0].astype(np.float32))
        out.append(Person(track, track, motion))
    n = max(len(p.keypoints) for p in out)
    video = VideoInfo("v.mp4", *SIZE_PX, FPS, n, n / FPS)
    return Poses(video, 0, np.arange(n) / FPS, tuple(out), ModelsUsed("x"))


def knees(xyz):
    """(F, 2) degrees by which right and left knee are bent."""
    out = []
    for side in ("right", "left"):
        hip, knee, ankle = (xyz[:, J[f"{side}_{j}"]] for j in ("hip", "knee", "ankle"))
        cosine = ((knee - hip) * (ankle - knee)).sum(-1)
        cosine /= np.linalg.norm(knee - hip, axis=-1) * np.linalg.norm(ankle - knee, axis=-1)
        out.append(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
    return np.stack(out, 1)


def degrees_between(a, b):
    return np.degrees(np.arccos(np.clip(a @ b / np.linalg.norm(a) / np.linalg.norm(b), -1, 1)))


def slip_m_s(xyz, standing):
    """Mean speed on the ground of the ankles that stand."""
    speed = np.linalg.norm(np.diff(xyz[:, FEET][..., [0, 2]], axis=0), axis=-1) * FPS
    return speed[standing[1:] & standing[:-1]].mean()
