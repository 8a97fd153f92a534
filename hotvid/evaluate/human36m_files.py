"""Human3.6M from whichever files a folder holds: VideoPose3D's, or MotionBERT's own."""

from __future__ import annotations

from pathlib import Path

from hotvid.evaluate.clips import Clip
from hotvid.evaluate.human36m import TRAIN_SUBJECTS, counted, load_human36m
from hotvid.evaluate.motionbert_h36m import load_motionbert_h36m, motionbert_file


def load_training_clips(folder: str | Path, keypoints: str, in_picture: bool) -> list[Clip]:
    """What to train on: subjects 1, 5, 6, 7 and 8.

    keypoints   NAME of VideoPose3D's data_2d_h36m_NAME.npz, or of MotionBERT's h36m_NAME.pkl.
    in_picture  whether the model answers in picture space.
    raises      as `load_human36m` and `load_motionbert_h36m`.
    """
    if (path := motionbert_file(folder, keypoints)) is not None:
        return load_motionbert_h36m(path, "train", in_picture=in_picture)
    return load_human36m(folder, TRAIN_SUBJECTS, keypoints)


def load_test_clips(folder: str | Path, keypoints: str, in_picture: bool) -> list[Clip]:
    """What to measure on: subjects 9 and 11, those that count; arguments and errors as above."""
    if (path := motionbert_file(folder, keypoints)) is not None:
        return load_motionbert_h36m(path, "test", in_picture=in_picture)
    return counted(load_human36m(folder, keypoints=keypoints), in_picture)
