import numpy as np
import pytest
from small_data_sets import write_mpi_inf_3dhp, write_mpi_inf_3dhp_training

from hotvid.errors import InputError
from hotvid.evaluate.mpi_inf_3dhp import (
    MPI17,
    counted_in_pck,
    load_mpi_inf_3dhp,
    load_mpi_inf_3dhp_training,
)
from hotvid.skeleton import H36M17


@pytest.fixture
def folder(tmp_path):
    return write_mpi_inf_3dhp(tmp_path)


@pytest.fixture
def stored(folder):
    with np.load(folder / "data_test_3dhp.npz", allow_pickle=True) as file:
        return file["data"].item()


def test_sequences_come_in_metres_with_the_pelvis_at_0(folder, stored):
    first, outdoors = load_mpi_inf_3dhp(folder)
    assert (first.name, first.group, first.size_px) == ("TS1", "TS1", (2048, 2048))
    assert (outdoors.name, outdoors.size_px) == ("TS5", (1920, 1080))
    wanted = (stored["TS1"]["data_3d"] - stored["TS1"]["data_3d"][:, 14:15]) / 1000
    np.testing.assert_allclose(first.xyz_m, wanted, atol=1e-6)
    np.testing.assert_array_equal(first.xy_px, stored["TS1"]["data_2d"])
    assert first.root == 14
    np.testing.assert_array_equal(first.valid, np.arange(40) % 4 != 0)


def test_joints_change_into_human36ms_order(folder, stored):
    own, h36m = load_mpi_inf_3dhp(folder)[0], load_mpi_inf_3dhp(folder, H36M17)[0]
    order = [14, 8, 9, 10, 11, 12, 13, 15, 1, 16, 0, 5, 6, 7, 2, 3, 4]
    np.testing.assert_array_equal(h36m.xy_px, own.xy_px[:, order])
    np.testing.assert_array_equal(h36m.xyz_m, own.xyz_m[:, order])
    assert h36m.root == 0


def test_left_and_right_are_those_of_the_file():
    left, right = zip(*MPI17.pairs, strict=True)
    assert set(left) == {5, 6, 7, 11, 12, 13} and set(right) == {2, 3, 4, 8, 9, 10}
    np.testing.assert_array_equal(MPI17.mirror[MPI17.mirror], np.arange(17))
    assert set(MPI17.joints) == set(H36M17.joints)
    assert len({child for _, child in MPI17.edges}) == 16


def test_pck_is_of_14_joints():
    np.testing.assert_array_equal(counted_in_pck(MPI17), np.arange(14))
    assert set(range(17)) - set(counted_in_pck(H36M17)) == {0, 7, 9}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda data: data["TS1"].pop("valid"), "TS1 lacks 'valid'"),
        (lambda data: data["TS1"].update(valid=np.ones(3)), "'valid' has 3"),
        (lambda data: data["TS1"].update(data_2d=np.ones((40, 16, 2))), r"got \(40, 16, 2\)"),
        (lambda data: data.clear(), "table of sequences"),
    ],
)
def test_what_does_not_fit_is_named(folder, stored, change, says):
    change(stored)
    np.savez(folder / "data_test_3dhp.npz", data=stored)
    with pytest.raises(InputError, match=says):
        load_mpi_inf_3dhp(folder)


def test_each_camera_of_a_training_sequence_is_a_clip(tmp_path):
    clips = load_mpi_inf_3dhp_training(write_mpi_inf_3dhp_training(tmp_path), H36M17)
    assert [c.name for c in clips] == ["S1 Seq1/0", "S1 Seq1/8", "S2 Seq2/0", "S2 Seq2/8"]
    with np.load(tmp_path / "data_train_3dhp.npz", allow_pickle=True) as file:
        view = file["data"].item()["S1 Seq1"][0]["8"]
    order = [14, 8, 9, 10, 11, 12, 13, 15, 1, 16, 0, 5, 6, 7, 2, 3, 4]
    xyz_m = (view["data_3d"] - view["data_3d"][:, 14:15])[:, order] / 1000
    np.testing.assert_allclose(clips[1].xyz_m, xyz_m, atol=1e-6)
    np.testing.assert_array_equal(clips[1].xy_px, view["data_2d"][:, order])
    assert (clips[1].size_px, clips[1].valid, clips[1].root) == ((2048, 2048), None, 0)


@pytest.mark.parametrize(
    ("sequence", "says"),
    [
        ({"0": {}}, "S1 Seq1: expected a table of cameras"),
        ([{"0": {"data_2d": np.ones((3, 17, 2))}}, 25], "S1 Seq1/0 lacks 'data_3d'"),
        ([{"0": {"data_2d": np.ones((3, 17, 2)), "data_3d": np.ones((4, 17, 3))}}], "expected"),
    ],
)
def test_what_does_not_fit_of_a_training_file_is_named(tmp_path, sequence, says):
    np.savez(tmp_path / "data_train_3dhp.npz", data={"S1 Seq1": sequence})
    with pytest.raises(InputError, match=says):
        load_mpi_inf_3dhp_training(tmp_path)
