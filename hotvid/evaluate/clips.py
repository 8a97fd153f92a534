"""A stretch of a data set seen by one camera, and what a model is to make of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hotvid.errors import InputError
from hotvid.types import check_shape


@dataclass(frozen=True)
class Lens:
    """A pinhole camera in pixels."""

    focal_px: tuple[float, float]
    centre_px: tuple[float, float]
    size_px: tuple[int, int]


@dataclass(frozen=True)
class Clip:
    """2D keypoints of one camera and the 3D to be found from them.

    name    of the clip; `group` is what errors are averaged by first: the action.
    xy_px   (F, 17, 2), score (F, 17): 1 where the data set has none.
    xyz_m   (F, 17, 3) float32, metres, camera axes, the root at 0.
    root    index of the root joint.
    valid   (F,) bool: the frames that count; None: all.
    lens, root_m   the camera, and the root (F, 3) in its frame; None where not known.
    image_px, m_per_px   (F, 17, 3) and (F,): `image_pose` and its scale where the data set gives
            them itself; xyz_m is then `image_target`.
    """

    name: str
    group: str
    size_px: tuple[int, int]
    xy_px: np.ndarray
    score: np.ndarray
    xyz_m: np.ndarray
    root: int = 0
    valid: np.ndarray | None = None
    lens: Lens | None = None
    root_m: np.ndarray | None = None
    image_px: np.ndarray | None = None
    m_per_px: np.ndarray | None = None

    def __post_init__(self) -> None:
        n = len(self.xy_px)
        check_shape(f"{self.name}: xy_px", self.xy_px, (n, 17, 2))
        check_shape(f"{self.name}: score", self.score, (n, 17))
        check_shape(f"{self.name}: xyz_m", self.xyz_m, (n, 17, 3))
        if not n:
            raise InputError(f"{self.name} has no frames", "the data set is incomplete")
        if not np.isfinite(self.xy_px).all():
            raise InputError(f"{self.name} has 2D keypoints that are not numbers")

    def __len__(self) -> int:
        return len(self.xy_px)

    def of_whole_windows(self, length: int) -> Clip:
        """Its frames up to the last whole window of so many, from the first on; all, if shorter."""
        n = len(self) // length * length or len(self)
        series = ("xy_px", "score", "xyz_m", "valid", "root_m", "image_px", "m_per_px")
        found = {name: getattr(self, name) for name in series}
        return replace(self, **{k: v if v is None else v[:n] for k, v in found.items()})


def image_pose(clip: Clip) -> np.ndarray:
    """The 3D pose as MotionBERT is taught it: (F, 17, 3), pixels.

    x and y are where the joints are seen (perspective, no distortion), z is the depth behind the
    root at the scale that the picture has at the root. Ci et al. 2019; Zhu et al. 2023, section 4.
    """
    if clip.image_px is not None:
        return clip.image_px
    lens, root_m = _camera(clip)
    xyz = clip.xyz_m.astype(np.float64) + root_m[:, None]
    xy = xyz[..., :2] / xyz[..., 2:] * lens.focal_px + lens.centre_px
    depth = clip.xyz_m[..., 2:] / metres_per_px(clip)[:, None, None]
    return np.concatenate([xy, depth], -1)


def metres_per_px(clip: Clip) -> np.ndarray:
    """(F,) the picture's scale at the root. Published evaluations take it from the truth."""
    if clip.m_per_px is not None:
        return clip.m_per_px
    lens, root_m = _camera(clip)
    return root_m[:, 2] / lens.focal_px[0]


def image_target(clip: Clip) -> np.ndarray:
    """`image_pose` in metres, the root at 0: what MotionBERT's published errors are taken from."""
    if clip.image_px is not None:
        return clip.xyz_m
    pose = image_pose(clip)
    return (pose - pose[:, clip.root, None]) * metres_per_px(clip)[:, None, None]


def _camera(clip: Clip) -> tuple[Lens, np.ndarray]:
    if clip.lens is None or clip.root_m is None:
        raise InputError(
            f"{clip.name}: the camera is not known",
            "a model that answers in picture space can be measured on Human3.6M only",
        )
    return clip.lens, clip.root_m
