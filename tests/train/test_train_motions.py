"""Motions from files of others: by the names of their joints."""

import re
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
from small_data_sets import write_bvh
from stick_people import only, two_people

from hotvid.config import ExportConfig
from hotvid.errors import InputError
from hotvid.export import bvh as bvh_export
from hotvid.pipeline import settle, with_bones
from hotvid.skeleton import H36M17
from hotvid.train.bvh import BvhMotion, read_bvh
from hotvid.train.motions import LEG_M, read_motions, to_motion


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


def test_a_folder_and_an_archive_of_it_hold_the_same(tmp_path):
    write_bvh(tmp_path / "in" / "a", ["walk"])
    write_bvh(tmp_path / "in" / "b", ["turn"])
    (tmp_path / "in" / "folder.bvh").mkdir()
    archived = shutil.make_archive(tmp_path / "in", "gztar", tmp_path / "in")
    for source in (tmp_path / "in", archived):
        motions = read_motions(source)
        assert [motion.name for motion in motions] == ["walk", "turn"]
        assert [motion.xyz_m.shape for motion in motions] == [(118, 17, 3)] * 2
        assert motions[0].fps == pytest.approx(120, rel=1e-4)


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("Frame Time: 0.0083333", "Frame Time: 0", "the frame time is 0"),
        ("MOTION", "", "expected a BVH file"),
        ("rShin", "shin", "no joint called rShin or RightLeg"),
        (" -(48|90) ", " -5 ", "the left leg has no length"),
    ],
)
def test_the_file_that_cannot_be_trained_on_is_named(tmp_path, was, becomes, said):
    write_bvh(tmp_path / "in" / "a", ["turn", "walk"])
    path = tmp_path / "in" / "a" / "walk.bvh"
    text, n_changed = re.subn(was, becomes, path.read_text())
    assert n_changed
    path.write_text(text)
    archive = Path(shutil.make_archive(tmp_path / "in", "gztar", tmp_path / "in"))
    for source in (tmp_path / "in", archive):
        shown = re.escape(str(source / "a" / "walk.bvh"))
        with pytest.raises(InputError, match=f"^{shown}: {said}"):
            read_motions(source)


def test_too_short_a_motion_is_refused(tmp_path):
    write_bvh(tmp_path, ["walk"], n_frames=2)
    with pytest.raises(InputError, match=r"walk\.bvh: holds 2 frames, of which the first 2"):
        read_motions(tmp_path)


@pytest.mark.parametrize("kind", ["tar", "gztar", "bztar", "xztar"])
def test_an_archive_that_is_cut_short_is_said_so(tmp_path, kind):
    write_bvh(tmp_path / "in", [str(number) for number in range(20)])
    path = Path(shutil.make_archive(tmp_path / "in", kind, tmp_path / "in"))
    whole = path.read_bytes()
    for share in (0.02, 0.3, 0.9):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(InputError, match=re.escape(str(path))):
            read_motions(path)
    spoilt = bytearray(whole)
    spoilt[len(whole) // 2 : len(whole) // 2 + 600] = bytes(600)
    path.write_bytes(spoilt)
    with pytest.raises(InputError, match=re.escape(str(path))):
        read_motions(path)


def test_what_is_neither_folder_nor_archive_is_said_so(tmp_path):
    write_bvh(tmp_path, ["walk"])
    with pytest.raises(InputError, match=r"walk\.bvh is no tar archive; give a folder or tar"):
        read_motions(tmp_path / "walk.bvh")
    with pytest.raises(InputError, match=r"no \.bvh files in"):
        read_motions(tmp_path / "nowhere")


def test_other_names_are_refused():
    nothing = BvhMotion(("a", "b"), np.zeros((3, 2, 3)), np.zeros((3, 2, 3, 3)), 1 / 30)
    with pytest.raises(InputError, match="rThigh or RightUpLeg"):
        to_motion("a", nothing)


def test_an_older_python_unpacks_what_stays_below_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.delattr(tarfile, "data_filter")
    write_bvh(tmp_path / "in", ["walk"])
    archive = shutil.make_archive(tmp_path / "in", "gztar", tmp_path / "in")
    assert [motion.name for motion in read_motions(archive)] == ["walk"]
    for name in ("../walk.bvh", "/walk.bvh", "a/../../walk.bvh", "C:walk.bvh", "..\\walk.bvh"):
        with tarfile.open(tmp_path / "out.tar", "w") as tar:
            tar.addfile(tarfile.TarInfo(name))
        with pytest.raises(InputError, match=r"out\.tar would write outside of its folder"):
            read_motions(tmp_path / "out.tar")
