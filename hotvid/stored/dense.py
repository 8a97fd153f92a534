"""Arrays over all frames of a video, from those of a person's own frames."""

from __future__ import annotations

import numpy as np

from hotvid.types import Person, Poses


def over_all_frames(
    poses: Poses, person: Person, rows: np.ndarray, missing: float = np.nan
) -> np.ndarray:
    """(F of the person's track, ...) -> (F of `poses`, ...), `missing` where nobody is."""
    out = np.full((poses.n_frames, *rows.shape[1:]), missing, rows.dtype)
    out[person.keypoints.frame_index - poses.first_frame] = rows
    return out
