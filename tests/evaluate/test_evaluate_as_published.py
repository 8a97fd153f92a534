"""Whole published evaluations, written anew frame by frame from what their code does.

HoT's (main_mixste.py, main_mixste_tpc.py: windows, padding, mirror, root, errors by action) and
MotionBERT's (train.py, utils_data.py). Only the networks are hotvid's own.
"""

import numpy as np
import pytest
import torch
from small_data_sets import SYMMETRY, project, walk

from hotvid.evaluate.h36m_cameras import LENSES, NAMES, POSES
from hotvid.evaluate.human36m import counted, load_human36m
from hotvid.evaluate.predict import WindowPredictor
from hotvid.evaluate.protocols import evaluate_clips
from hotvid.lift.models.zoo import build_model

LEFT, RIGHT = [4, 5, 6, 11, 12, 13], [1, 2, 3, 14, 15, 16]
MOVING = [0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27]
TAKES = {"Walking 1": 14, "Walking": 11, "Photo": 7, "Greeting": 20}  # frames
SIZES = {"frames": 9, "channel": 16, "mlp_hidden": 32, "depth": 3, "heads": 2}
HOT = {"token_num": 4, "layer_index": 1}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("h36m"), np.random.default_rng(0)
    world = {s: {a: walk(rng, n) for a, n in TAKES.items()} for s in ("S9", "S11")}
    seen = {
        s: {
            a: [
                project(pose.from_world(xyz[:, MOVING]), LENSES[name])
                + rng.normal(0, 3, (len(xyz), 17, 2))
                for name, pose in zip(NAMES, POSES[s], strict=True)
            ]
            for a, xyz in takes.items()
        }
        for s, takes in world.items()
    }
    np.savez(folder / "data_3d_h36m.npz", positions_3d=world)
    metadata = {"keypoints_symmetry": SYMMETRY}
    np.savez(folder / "data_2d_h36m_x.npz", positions_2d=seen, metadata=metadata)
    return folder


def takes(folder):
    """(subject, action, camera, 3D in its axes, 2D in screen units) as the files have them."""
    with np.load(folder / "data_3d_h36m.npz", allow_pickle=True) as file:
        world = file["positions_3d"].item()
    with np.load(folder / "data_2d_h36m_x.npz", allow_pickle=True) as file:
        seen = file["positions_2d"].item()
    for subject in world:
        for action, xyz in world[subject].items():
            for i, name in enumerate(NAMES):
                camera = POSES[subject][i]
                turn = quaternion_matrix(camera.orientation)
                place = np.array(camera.place_mm) / 1000
                own = (xyz[:, MOVING] - place) @ turn.T  # rows, by the inverse
                height = 1002 if name in ("54138969", "60457274") else 1000
                xy = seen[subject][action][i] / 1000 * 2 - [1, height / 1000]
                yield subject, action, name, own, xy.astype(np.float32)


def quaternion_matrix(q):
    w, *v = np.array(q) / np.linalg.norm(q)
    cross = np.cross(np.eye(3), v)  # rows: e x v
    return np.eye(3) - 2 * w * cross + 2 * cross @ cross


def mirrored(x):
    x = x.copy()
    x[..., 0] *= -1
    x[..., LEFT + RIGHT, :] = x[..., RIGHT + LEFT, :]
    return x


def forward(model, window):
    with torch.no_grad():
        poses, kept = model.forward_kept(torch.from_numpy(window)[None])
    return poses[0].double().numpy(), kept


def errors(predicted, target):
    """Protocols 1 and 2 of poses (F, 17, 3), each (F,)."""
    first = np.linalg.norm(predicted - target, axis=-1).mean(-1)
    second = []
    for p, t in zip(predicted, target, strict=True):
        a, b = p - p.mean(0), t - t.mean(0)
        u, s, vt = np.linalg.svd(a.T @ b)
        sign = np.array([1, 1, np.sign(np.linalg.det(u @ vt))])
        turned = (s * sign).sum() / (a**2).sum() * a @ (u * sign) @ vt
        second.append(np.linalg.norm(turned - b, axis=-1).mean())
    return np.stack([first, second], -1)


def mean_of_actions(found):
    """(protocol 1, protocol 2) in mm of action -> lists of errors (F, 2)."""
    return 1000 * np.mean([np.concatenate(parts).mean(0) for parts in found.values()], axis=0)


def as_hot_measures(model, folder, centre_only):
    found, length = {}, model.frames
    for _, action, _, own, xy in takes(folder):
        n, truth = len(xy), own - own[:, :1]
        if centre_only:
            starts = np.arange(n) - (length - 1) // 2
        else:
            count = int(np.ceil((n - length) / length + 1))
            starts = np.arange(count) * length - (count * length - n) // 2
        for start in starts:
            frames = np.clip(np.arange(start, start + length), 0, n - 1)
            straight, kept = forward(model, xy[frames])
            if kept is not None and centre_only:
                choose, model.choose_frames = model.choose_frames, lambda *_, kept=kept: kept
            other, _ = forward(model, mirrored(xy[frames]))
            poses, target = (straight + mirrored(other)) / 2, truth[frames]
            if centre_only:
                model.choose_frames = choose
                at = int((kept[0] == (length - 1) // 2).nonzero()[0])
                poses, target = poses[at : at + 1], target[length // 2, None]
            poses[:, 0] = 0
            found.setdefault(action.split(" ")[0], []).append(errors(poses, target))
    return mean_of_actions(found)


@pytest.mark.parametrize("name", ["hot-mixste", "tpc-mixste"])
def test_hots(folder, name):
    torch.manual_seed(1)
    model = build_model(name, **SIZES, **HOT).eval()
    wanted = as_hot_measures(model, folder, centre_only=name.startswith("tpc"))
    clips = load_human36m(folder, keypoints="x")
    mean = evaluate_clips(clips, WindowPredictor(model), count_copies=True).mean
    assert (mean.mpjpe_mm, mean.pa_mpjpe_mm) == pytest.approx(tuple(wanted), rel=1e-5)


def as_motionbert_measures(model, folder):
    found, length = {}, model.frames
    for subject, action, name, own, xy in takes(folder):
        if (subject, action) in {("S9", "Greeting")}:
            continue
        lens = LENSES[name]
        factor = (own[:, 0, 2] / lens.focal_px[0])[:, None, None]  # metres a pixel
        uv = own[..., :2] / own[..., 2:] * lens.focal_px + lens.centre_px
        picture = np.concatenate([uv, own[..., 2:] / factor], -1)
        for start in range(0, len(xy) - length + 1, length):
            part = slice(start, start + length)
            window = np.concatenate([xy[part], np.ones((length, 17, 1), np.float32)], -1)
            both = forward(model, window)[0], mirrored(forward(model, mirrored(window))[0])
            poses = sum(both) / 2
            poses[:, 0] = 0
            poses = (poses + [1, 1, 0]) * 1000 / 2 * factor[part]
            target = picture[part] * factor[part]
            off = errors(poses - poses[:, :1], target - target[:, :1])
            found.setdefault(action.split(" ")[0], []).append(off)
    return mean_of_actions(found)


def test_motionberts(folder):
    torch.manual_seed(1)
    model = build_model("hot-motionbert", **SIZES, **HOT, representation=8).eval()
    wanted = as_motionbert_measures(model, folder)
    predictor = WindowPredictor(model)
    clips = counted(load_human36m(folder, keypoints="x"), in_picture=True)
    # Of 7 frames there is no window of 9; MotionBERT's code stretches such takes by chance.
    clips = [clip.of_whole_windows(9) for clip in clips if clip.group != "Photo"]
    mean = evaluate_clips(clips, predictor, target=predictor.target).mean
    assert (mean.mpjpe_mm, mean.pa_mpjpe_mm) == pytest.approx(tuple(wanted), rel=1e-5)
