"""The steps that make lifted motion clean, in their order, each by itself switchable."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hotvid.config import CleanConfig
from hotvid.post.constant_bones import with_constant_bones
from hotvid.post.outliers import without_outliers
from hotvid.post.smoothing import smooth_by
from hotvid.types import Motion3D

_LEAST_OUTLIER_M = 0.05


def clean(motion: Motion3D, score: np.ndarray, fps: float, config: CleanConfig) -> Motion3D:
    """Outliers mended, then smoothed, then bones made constant; the root's path smoothed alike.

    score  (F, 17) 0..1 of the joints in 2D.
    """
    xyz_m, root_m = motion.xyz_m, motion.root_m
    if config.outliers:
        xyz_m = without_outliers(xyz_m, fps, _LEAST_OUTLIER_M)
    if config.smooth != "off":
        xyz_m = smooth_by(config.smooth, xyz_m, fps, config.cutoff_hz)
        root_m = smooth_by(config.smooth, root_m, fps, config.cutoff_hz)
    if config.bones:
        xyz_m = with_constant_bones(xyz_m, score, fps)
    return replace(motion, xyz_m=xyz_m, root_m=root_m)
