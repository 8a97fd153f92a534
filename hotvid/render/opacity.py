"""How faint joints are drawn: by their scores in the picture, by how sure they are in 3D.

Scores jump from frame to frame, and limbs drawn by them would blink: they are averaged over a
third of a second.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter1d

from hotvid.types import Person

# A score of 0.9 is as good as certain; the least that is drawn must still be seen.
_SURE_SCORE, _LEAST = 0.9, 0.3
# A joint is drawn whole where it is as sure as in its own better frames, if those are sure at all:
# hands and feet that are seen well are right with half a chance. None is fainter than the last.
_USUAL_PERCENT, _SURE, _FAINTEST = 75, 0.5, 0.3
_BRIDGED = 0.6
_CALM_S = 0.15  # before and after


def calm_score(score: np.ndarray, in_sight: np.ndarray, fps: float) -> np.ndarray:
    """(F, K) float32: the scores that joints are drawn by, 0 where (F,) nobody is in sight."""
    score = _calm(score.astype(np.float32), fps)
    score[~in_sight] = 0
    return score


def score_opacity(score: np.ndarray, kpt_thr: float) -> np.ndarray:
    """Opacity (...) in the picture by score (...): 0 below `kpt_thr`, 1 from 0.9 on."""
    span = max(_SURE_SCORE - kpt_thr, 1e-6)
    rising = _LEAST + (1 - _LEAST) * (score - kpt_thr) / span
    return np.where(score >= kpt_thr, np.clip(rising, 0, 1), 0.0)


def opacity_3d(person: Person, kpt_thr: float, fps: float) -> np.ndarray:
    """(F, 17) float32, 0..1, in the 3D view: by confidence, and less in bridged frames.

    Faintest is what nobody saw, as it is guessed from the other joints.
    """
    seen = person.keypoints.score >= kpt_thr
    share: np.ndarray | float = 1.0
    if person.confidence is not None:
        usual = np.percentile(person.confidence, _USUAL_PERCENT, axis=0)
        share = np.clip(person.confidence / np.clip(usual, _SURE, 1), _FAINTEST, 1)
    whole = np.where(person.keypoints.interpolated, _BRIDGED, 1.0)[:, None]
    return _calm((np.where(seen, share, _FAINTEST) * whole).astype(np.float32), fps)


def _calm(values: np.ndarray, fps: float) -> np.ndarray:
    size = 2 * round(_CALM_S * fps) + 1
    return uniform_filter1d(np.nan_to_num(values), size, axis=0, mode="nearest")
