"""TRC and C3D, read back by readers of their own."""

import importlib.util
import warnings
from dataclasses import replace

import numpy as np
import pytest
from stick_people import FPS, N_FRAMES, in_json, only, two_people, uneven

from hotvid.config import ExportConfig
from hotvid.errors import OutputError
from hotvid.export import c3d as our_c3d
from hotvid.export import trc
from hotvid.exports import check_exports, plan_exports, write_exports
from hotvid.skeleton import H36M17

MM = 1e-3
config = ExportConfig()


def read_trc(path):
    """(head's values, marker names, times, (F, 17, 3)) by the layout that OpenSim documents."""
    lines = path.read_text().split("\n")
    head = dict(zip(lines[1].split("\t"), lines[2].split("\t"), strict=True))
    names = [n for n in lines[3].split("\t")[2:] if n]
    rows = np.genfromtxt(path, delimiter="\t", skip_header=6)
    return head, names, rows[:, 1], rows[:, 2:].reshape(len(rows), -1, 3)


def test_trc_holds_the_places_of_the_json(tmp_path):
    poses = only(two_people(), 3)
    trc.write(poses, tmp_path / "a.trc", config)
    head, names, times, xyz = read_trc(tmp_path / "a.trc")
    assert names == list(H36M17.joints)
    assert (head["Units"], head["NumMarkers"], head["NumFrames"]) == ("m", "17", "6")
    assert float(head["DataRate"]) == FPS
    np.testing.assert_allclose(times, (8 + np.arange(6)) / FPS, atol=1e-6)
    wanted = in_json(poses, 3)
    known = np.isfinite(wanted)
    np.testing.assert_allclose(xyz[known], wanted[known], atol=MM)
    wrist = H36M17.index("right_wrist")
    assert np.isnan(xyz[1, wrist]).all() and np.isfinite(np.delete(xyz[1], wrist, 0)).all()


def without_joints(poses, row, joints):
    """The only person without these joints in one row of the track."""
    (person,) = poses.people
    xyz_m = person.world.xyz_m.copy()
    xyz_m[row, joints] = np.nan
    return replace(poses, people=(replace(person, world=replace(person.world, xyz_m=xyz_m)),))


@pytest.mark.parametrize("joints", [[16], [3, 16], slice(None)])
def test_trc_s_rows_end_in_a_number_also_where_the_last_joint_is_unknown(tmp_path, joints):
    assert H36M17.joints[-1] == "right_wrist"
    poses = without_joints(only(two_people(), 0), 2, joints)
    trc.write(poses, tmp_path / "a.trc", config)
    rows = [line.split("\t") for line in (tmp_path / "a.trc").read_text().split("\n")[6:-1]]
    assert {len(row) for row in rows} == {2 + 3 * 17}
    assert rows[2][-3:] == ["", "", "NaN"] and all(row[-1] for row in rows)
    *_, xyz = read_trc(tmp_path / "a.trc")
    np.testing.assert_allclose(xyz, poses.people[0].world.xyz_m, atol=1e-6)


def test_trc_of_a_variable_frame_rate_is_even_in_time(tmp_path):
    poses = uneven(only(two_people(), 0))
    trc.write(poses, tmp_path / "a.trc", config)
    _, _, times, xyz = read_trc(tmp_path / "a.trc")
    np.testing.assert_allclose(np.diff(times), 1 / FPS, atol=2e-6)
    given = in_json(poses, 0)[:, 0]
    for axis in range(3):
        wanted = np.interp(times, poses.pts_s, given[:, axis])
        np.testing.assert_allclose(xyz[:, 0, axis], wanted, atol=MM)


@pytest.mark.skipif(importlib.util.find_spec("opensim") is None, reason="needs opensim")
def test_opensim_reads_trc(tmp_path):
    import opensim

    poses = without_joints(only(two_people(), 3), 4, [12, 16])
    trc.write(poses, tmp_path / "a.trc", config)
    table = opensim.TimeSeriesTableVec3(str(tmp_path / "a.trc"))
    assert list(table.getColumnLabels()) == list(H36M17.joints)
    for name in ("right_ankle", "left_elbow", "right_wrist"):
        column = table.getDependentColumn(name)
        found = [[column[i].get(axis) for axis in range(3)] for i in range(table.getNumRows())]
        wanted = in_json(poses, 3)[:, H36M17.index(name)]
        np.testing.assert_allclose(found, wanted, atol=MM)


def read_c3d(path):
    """(reader, (F, N, 3) metres, NaN where missing) by a library that did not write it."""
    c3d = pytest.importorskip("c3d")
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reader = c3d.Reader(file)
        points = np.stack([frame[1] for frame in reader.read_frames()])
    return reader, np.where(points[..., 3:4] < 0, np.nan, points[..., :3] / 1000)


def test_c3d_holds_the_places_of_the_json_of_everyone(tmp_path):
    pytest.importorskip("ezc3d")
    poses = two_people()
    our_c3d.write(poses, tmp_path / "a.c3d", config)
    reader, xyz = read_c3d(tmp_path / "a.c3d")
    labels = [label.strip() for label in reader.point_labels]
    assert labels == [f"person{i}:{joint}" for i in (0, 3) for joint in H36M17.joints]
    assert reader.point_rate == FPS and xyz.shape == (N_FRAMES, 34, 3)
    assert reader.get("POINT:UNITS").string_value.strip() == "mm"
    np.testing.assert_allclose(xyz[:, :17], in_json(poses, 0), atol=MM)
    wanted = in_json(poses, 3)
    known = np.isfinite(wanted)
    np.testing.assert_allclose(xyz[3:9, 17:][known], wanted[known], atol=MM)
    assert np.isnan(xyz[[0, 1, 2, 9, 10, 11], 17:]).all(), "someone who is not there"
    assert np.isnan(xyz[4, 17 + H36M17.index("right_wrist")]).all()


def test_c3d_of_one_person_has_plain_names(tmp_path):
    pytest.importorskip("ezc3d")
    our_c3d.write(only(two_people(), 0), tmp_path / "a.c3d", config)
    reader, _ = read_c3d(tmp_path / "a.c3d")
    assert [label.strip() for label in reader.point_labels] == list(H36M17.joints)
    assert subjects(tmp_path / "a.c3d") == {"USED": [1], "NAMES": ["person0"], "USES_PREFIXES": [0]}


def test_c3d_of_several_people_names_them_as_subjects(tmp_path):
    pytest.importorskip("ezc3d")
    our_c3d.write(two_people(), tmp_path / "a.c3d", config)
    assert subjects(tmp_path / "a.c3d") == {
        "USED": [2],
        "NAMES": ["person0", "person3"],
        "USES_PREFIXES": [1],
        "LABEL_PREFIXES": ["person0:", "person3:"],
    }


def subjects(path):
    group = pytest.importorskip("ezc3d").c3d(str(path))["parameters"]["SUBJECTS"]
    return {name: list(group[name]["value"]) for name in group if name != "__METADATA__"}


def test_c3d_of_nobody_is_a_file_without_points(tmp_path):
    ezc3d = pytest.importorskip("ezc3d")
    our_c3d.write(replace(two_people(), people=()), tmp_path / "a.c3d", config)
    file = ezc3d.c3d(str(tmp_path / "a.c3d"))
    assert file["parameters"]["POINT"]["USED"]["value"][0] == 0


def test_c3d_tells_seen_points_from_bridged_and_missing_ones(tmp_path):
    ezc3d = pytest.importorskip("ezc3d")
    poses = two_people()
    our_c3d.write(poses, tmp_path / "a.c3d", config)
    wanted = np.full((34, N_FRAMES), -1.0)
    for i, person in enumerate(poses.people):
        rows = person.keypoints.frame_index - poses.first_frame
        bridged = person.keypoints.interpolated
        assert bridged.any() and not bridged.all()
        wanted[17 * i : 17 * (i + 1), rows] = np.where(bridged, 0.0, 1.0)
    wanted[17 + H36M17.index("right_wrist"), 4] = -1
    meta = ezc3d.c3d(str(tmp_path / "a.c3d"))["data"]["meta_points"]
    np.testing.assert_array_equal(meta["residuals"][0], wanted)
    np.testing.assert_array_equal(meta["camera_masks"][0], wanted == 1)
    # The other way to take the word's two bytes, of a library that did not write it.
    c3d = pytest.importorskip("c3d")
    with (tmp_path / "a.c3d").open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        points = np.stack([frame[1] for frame in c3d.Reader(file).read_frames()])
    np.testing.assert_array_equal(points[..., 3].T, wanted)
    assert (points[..., 4].T[wanted == 1] == 1).all()


def test_c3d_between_a_seen_and_a_bridged_frame_is_not_seen(tmp_path):
    ezc3d = pytest.importorskip("ezc3d")
    poses = uneven(only(two_people(), 0))
    our_c3d.write(poses, tmp_path / "a.c3d", config)
    residual = ezc3d.c3d(str(tmp_path / "a.c3d"))["data"]["meta_points"]["residuals"][0, 0]
    bridged = np.flatnonzero(poses.people[0].keypoints.interpolated)
    assert bridged.tolist() == [3, 7, 11]
    assert np.flatnonzero(residual == 0).tolist() == [3, 4, 7, 11]


def frame_numbers(path):
    """(first and last of the header, first and last of TRIAL) as the bytes have them, from 1."""
    ezc3d = pytest.importorskip("ezc3d")
    words = np.frombuffer(path.read_bytes()[:10], "<u2")
    trial = ezc3d.c3d(str(path))["parameters"]["TRIAL"]
    told = []
    for name in ("ACTUAL_START_FIELD", "ACTUAL_END_FIELD"):
        low, high = trial[name]["value"].astype(np.int16).view(np.uint16).tolist()
        told.append(low + 65_536 * high)
    return [words[3], words[4]], told


def test_c3d_has_the_videos_own_frame_numbers(tmp_path):
    pytest.importorskip("ezc3d")
    poses = two_people()
    our_c3d.write(poses, tmp_path / "a.c3d", config)
    reader, _ = read_c3d(tmp_path / "a.c3d")
    assert (reader.first_frame, reader.last_frame) == (6, 17)
    header, trial = frame_numbers(tmp_path / "a.c3d")
    assert header == trial == [6, 17]
    assert (reader.first_frame - 1) / FPS == poses.pts_s[0]


def test_c3d_at_another_rate_has_the_numbers_that_fit_its_times(tmp_path):
    pytest.importorskip("ezc3d")
    late = uneven(two_people())
    late = replace(late, pts_s=late.pts_s + 2.0, first_frame=5)
    our_c3d.write(late, tmp_path / "a.c3d", config)
    reader, _ = read_c3d(tmp_path / "a.c3d")
    assert (reader.first_frame - 1) / reader.point_rate == pytest.approx(2.2, abs=0.02)


def moved_to(poses, first):
    """The same, `first` frames into the video."""
    people = []
    for person in poses.people:
        index = person.keypoints.frame_index - poses.first_frame + first
        track = replace(person.keypoints, frame_index=index)
        people.append(replace(person, keypoints=track, detected=track))
    pts_s = (first + np.arange(poses.n_frames)) / FPS
    return replace(poses, first_frame=first, pts_s=pts_s, people=tuple(people))


@pytest.mark.parametrize(
    ("first", "header"), [(65_523, [65_524, 65_535]), (65_524, [1, 12]), (200_000, [1, 12])]
)
def test_c3d_counts_beyond_what_its_header_can(tmp_path, first, header):
    poses = moved_to(two_people(), first)
    our_c3d.write(poses, tmp_path / "a.c3d", config)
    assert frame_numbers(tmp_path / "a.c3d") == (header, [first + 1, first + 12])
    ezc3d = pytest.importorskip("ezc3d")
    points = ezc3d.c3d(str(tmp_path / "a.c3d"))["data"]["points"]
    assert points.shape == (4, 34, 12)
    np.testing.assert_allclose(points[:3, :17, :].T / 1000, in_json(poses, 0), atol=MM)


def for_long(n_frames):
    """One person, there in the frames 3 to 8 of so many."""
    return replace(only(two_people(), 3), pts_s=np.arange(n_frames) / FPS)


def test_c3d_of_more_frames_than_it_can_count_is_refused(tmp_path):
    ezc3d = pytest.importorskip("ezc3d")
    our_c3d.write(for_long(65_535), tmp_path / "a.c3d", config)
    points = ezc3d.c3d(str(tmp_path / "a.c3d"))["data"]["points"]
    assert points.shape == (4, 17, 65_535)
    known = np.isfinite(points[:3, 0]).all(0)
    assert np.flatnonzero(known).tolist() == [3, 4, 5, 6, 7, 8]
    says = r"there are 65536 frames, and C3D holds 65535 at most; .*--time-range"
    with pytest.raises(OutputError, match=says):
        our_c3d.write(for_long(65_536), tmp_path / "b.c3d", config)
    assert not (tmp_path / "b.c3d").exists()


def test_a_c3d_that_its_library_cannot_write_is_an_error(tmp_path):
    pytest.importorskip("ezc3d")
    with pytest.raises(FileNotFoundError, match=r"a\.c3d"):
        our_c3d.write(only(two_people(), 0), tmp_path / "nowhere" / "a.c3d", config)


@pytest.mark.parametrize("form", ["c3d", "usd"])
def test_what_a_library_could_only_write_in_part_is_no_output(tmp_path, small_files, form):
    """The libraries write by themselves, and ezc3d says nothing of what is missing."""
    pytest.importorskip({"c3d": "ezc3d", "usd": "pxr"}[form])
    exports = plan_exports(form, tmp_path / f"a.{form}", "walk.mp4")
    check_exports(exports)
    few, many = two_people(), for_long(1_000)
    says = rf"cannot write '.*[/\\]a\.{form}'"
    with small_files(), pytest.raises(OutputError, match=says):
        write_exports(many, exports)
    assert list(tmp_path.iterdir()) == []
    write_exports(few, exports)
    assert [path.name for path in tmp_path.iterdir()] == [f"a.{form}"]
