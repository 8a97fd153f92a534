"""Motions from files of others: by the names of their joints."""

import numpy as np
import pytest
from stick_people import only, two_people

from hotvid.config import ExportConfig
from hotvid.errors import InputError
from hotvid.export import bvh as bvh_export
from hotvid.pipeline import settle, with_bones
from hotvid.skeleton import H36M17
from hotvid.train.bvh import BvhMotion, read_bvh
from hotvid.train.motions import LEG_M, to_motion


@pytest.mark.parametrize("naming", ["mixamo", "mixamorig:"])
def test_what_hotvid_exports_with_mixamos_names_can_be_trained_on(tmp_path, naming):
    poses = with_bones(settle(only(two_people(), 0)))
    path = tmp_path / "a.bvh"
    bvh_export.write(poses, path, ExportConfig(bone_names="mixamo"))
    if naming == "mixamo":
        path.write_text(path.read_text().replace("mixamorig:", ""))
    motion = to_motion("a", read_bvh(path), skip=0)
    assert motion.xyz_m.shape[1:] == (17, 3) and np.isfinite(motion.xyz_m).all()
    hip, knee, ankle = (
        motion.xyz_m[0, H36M17.index(f"left_{j}")] for j in ("hip", "knee", "ankle")
    )
    leg = np.linalg.norm(hip - knee) + np.linalg.norm(knee - ankle)
    assert leg == pytest.approx(LEG_M, rel=0.02)


def test_other_names_are_refused():
    nothing = BvhMotion(("a", "b"), np.zeros((3, 2, 3)), np.zeros((3, 2, 3, 3)), 1 / 30)
    with pytest.raises(InputError, match="rThigh or RightUpLeg"):
        to_motion("a", nothing)
