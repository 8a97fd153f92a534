"""Data sets as small as they can be, in the layouts of the published files."""

import pickle

import numpy as np

from hotvid.evaluate.clips import image_pose, image_target, metres_per_px
from hotvid.evaluate.h36m_cameras import LENSES, NAMES, POSES
from hotvid.evaluate.human36m import to_moving_joints
from hotvid.skeleton import H36M17

# Human3.6M's own, and of what S9 did "Greeting" was the second take, "Waiting 1" the first.
ACTION_NUMBERS = {"Greeting": 5, "Photo": 11, "Waiting": 13, "Walking": 14}
SYMMETRY = [[left for left, _ in H36M17.pairs], [right for _, right in H36M17.pairs]]


def walk(rng, n_frames, joints=32):
    """(F, joints, 3) metres, world axes, z up: a body that sways about the middle of the room."""
    body = rng.normal(0, 0.4, (1, joints, 3)) + [0, 0, 1]
    sway = np.sin(np.arange(n_frames) / 9)[:, None, None] * rng.normal(0, 0.15, (1, joints, 3))
    drift = np.linspace(-0.3, 0.3, n_frames)[:, None, None] * [1, 1, 0]
    return (body + sway + drift).astype(np.float32)


def project(xyz_m, lens):
    return xyz_m[..., :2] / xyz_m[..., 2:] * lens.focal_px + lens.centre_px


def write_human36m(
    folder,
    subjects=("S9", "S11"),
    actions=("Walking 1", "Photo"),
    n_frames=60,
    keypoints="gt",
    extra_frames=0,
):
    """Both files in `folder`; 2D is the 3D as the four cameras see it, without distortion."""
    rng = np.random.default_rng(0)
    positions = {s: {a: walk(rng, n_frames) for a in actions} for s in subjects}
    seen = {
        subject: {
            action: [
                np.pad(
                    project(pose.from_world(to_moving_joints(action, world)), LENSES[name]).astype(
                        np.float32
                    ),
                    ((0, extra_frames), (0, 0), (0, 0)),
                )
                for name, pose in zip(NAMES, POSES[subject], strict=True)
            ]
            for action, world in of_subject.items()
        }
        for subject, of_subject in positions.items()
    }
    metadata = {"layout_name": "h36m", "num_joints": 17, "keypoints_symmetry": SYMMETRY}
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / "data_3d_h36m.npz", positions_3d=positions)
    path = folder / f"data_2d_h36m_{keypoints}.npz"
    np.savez_compressed(path, positions_2d=seen, metadata=metadata)
    return folder


def write_motionbert_h36m(folder, of_split, keypoints="sh"):
    """MotionBERT's file of clips of VideoPose3D's; `of_split`: train and test -> those clips."""
    content = {}
    for split, clips in of_split.items():
        columns = {
            "joint_2d": [clip.xy_px for clip in clips],
            "confidence": [clip.score for clip in clips],
            "joint3d_image": [image_pose(clip) + [0, 0, 400] for clip in clips],  # of any root
            "joints_2.5d_image": [1000 * image_target(clip) + [30, 20, 5000] for clip in clips],
            "2.5d_factor": [1000 * metres_per_px(clip) for clip in clips],
        }
        content[split] = {name: np.concatenate(parts) for name, parts in columns.items()}
        lists = {name: [] for name in ("source", "camera_name", "action")}
        for clip in clips:
            subject, action, camera = clip.name.split("/")
            number = 2 if action == "Greeting" else 1
            of_take = f"s_{int(subject[1:]):02d}_act_{ACTION_NUMBERS[clip.group]:02d}"
            source = f"{of_take}_subact_{number:02d}_ca_{NAMES.index(camera) + 1:02d}"
            for name, value in zip(lists, (source, camera, clip.group), strict=True):
                lists[name] += [value] * len(clip)
        content[split] |= lists
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"h36m_{keypoints}.pkl"
    path.write_bytes(pickle.dumps(content))
    return path


# Joints that motion capture is read by, as CMU's files call them, and where they are, in their cm.
BVH_JOINTS = {"head": (0, 65, 0)} | {
    f"{side}{name}": (x * (1 if side == "l" else -1), y, 0)
    for side in "lr"
    for name, x, y in (
        ("Thigh", 9, -5),
        ("Shin", 9, -48),
        ("Foot", 9, -90),
        ("Shldr", 18, 50),
        ("ForeArm", 45, 50),
        ("Hand", 70, 50),
    )
}


def write_bvh(folder, names, n_frames=120):
    """Motions in `folder`: a stiff body, arms out, that turns, each motion at a pace of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    channels = "CHANNELS 3 Zrotation Xrotation Yrotation"
    joints = "\n".join(
        f"JOINT {name} {{ OFFSET {x} {y} {z} {channels} End Site {{ OFFSET 0 1 0 }} }}"
        for name, (x, y, z) in BVH_JOINTS.items()
    )
    root = "CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation"
    still = " 0" * 3 * len(BVH_JOINTS)
    for pace, name in enumerate(names, start=1):
        rows = "\n".join(f"0 95 0 0 0 {pace * i}{still}" for i in range(n_frames))
        (folder / f"{name}.bvh").write_text(
            f"HIERARCHY\nROOT hip {{ OFFSET 0 0 0 {root}\n{joints}\n}}\n"
            f"MOTION\nFrames: {n_frames}\nFrame Time: 0.0083333\n{rows}\n"
        )
    return folder


def mpi_inf_3dhp_view(rng, n_frames):
    """A camera's view of a body in P-STMO's files: pixels, and millimetres in camera axes."""
    xyz_mm = 1000 * (walk(rng, n_frames, 17) + [0, -1, 3])
    return {
        "data_2d": (xyz_mm[..., :2] / xyz_mm[..., 2:] * 1500 + 900).astype(np.float32),
        "data_3d": xyz_mm.astype(np.float32),
    }


def write_mpi_inf_3dhp(folder, sequences=("TS1", "TS5"), n_frames=40):
    """P-STMO's test file; every fourth frame does not count."""
    rng, data = np.random.default_rng(1), {}
    for name, n in zip(sequences, np.broadcast_to(n_frames, len(sequences)), strict=True):
        valid = (np.arange(n) % 4 != 0).astype(np.float64)
        data[name] = mpi_inf_3dhp_view(rng, n) | {"valid": valid}
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "data_test_3dhp.npz", data=data)
    return folder


def write_mpi_inf_3dhp_training(
    folder, sequences=("S1 Seq1", "S2 Seq2"), cameras="08", n_frames=30
):
    """P-STMO's training file: of a sequence its cameras, and the frames a second."""
    rng = np.random.default_rng(2)
    data = {
        name: [{camera: mpi_inf_3dhp_view(rng, n_frames) for camera in cameras}, 25]
        for name in sequences
    }
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / "data_train_3dhp.npz", data=data)
    return folder
