"""How tall somebody is, standing, by the lengths of the bones."""

from __future__ import annotations

import numpy as np

from hotvid.skeleton import H36M17

_SIDES = ("right", "left")
_BELOW_ANKLES = 0.047  # of the height


def standing_height_m(xyz_m: np.ndarray) -> float:
    """Metres from sole to crown, from typical bone lengths over the clip; NaN if they are unknown.

    One leg that is known stands for both.

    xyz_m  (F, 17, 3) metres, any axes.
    """

    def typical(a: str, b: str) -> float:
        far = np.linalg.norm(xyz_m[:, H36M17.index(a)] - xyz_m[:, H36M17.index(b)], axis=-1)
        return float(np.nanmedian(far)) if np.isfinite(far).any() else float("nan")

    legs = [typical(f"{s}_hip", f"{s}_knee") + typical(f"{s}_knee", f"{s}_ankle") for s in _SIDES]
    trunk = typical("pelvis", "spine") + typical("spine", "thorax") + typical("thorax", "head")
    known = [leg for leg in legs if np.isfinite(leg)]
    if not known:
        return float("nan")
    return (float(np.mean(known)) + trunk) / (1 - _BELOW_ANKLES)
