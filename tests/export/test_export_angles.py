"""Joint angles in tables and JSON, read back."""

import csv

import numpy as np
from stick_people import FIRST, two_people

from hotvid.config import ExportConfig
from hotvid.export import angles_csv, csv_table
from hotvid.joint_angles import ANGLES
from hotvid.pipeline import settle
from hotvid.stored import arrays
from hotvid.stored.poses_json import to_dict


def test_the_wide_table_and_the_json_say_the_same(tmp_path):
    poses = settle(two_people())
    angles_csv.write(poses, tmp_path / "a.csv", ExportConfig())
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    angles = [f"{a}_deg" for a in ANGLES]
    assert list(rows[0]) == ["frame", "time_s", "person", *angles, "interpolated"]
    assert [int(r["frame"]) for r in rows if r["person"] == "3"] == [8, 9, 10, 11, 12, 13]
    said = to_dict(poses)
    assert said["joint_angles"]["names"] == list(ANGLES)
    flat = [row for p in said["people"] for row in p["frames"]]
    for row, found in zip(flat, rows, strict=True):
        wanted = ["" if v is None else f"{v:.2f}" for v in row["joint_angles"]]
        assert [found[f"{a}_deg"] for a in ANGLES] == wanted
        assert found["interpolated"] == str(int(row["interpolated"]))
    assert {found["interpolated"] for found in rows} == {"0", "1"}


def test_the_tidy_table_has_each_angle_in_the_row_of_its_joint(tmp_path):
    poses = settle(two_people())
    csv_table.write(poses, tmp_path / "t.csv", ExportConfig())
    with (tmp_path / "t.csv").open(newline="") as file:
        rows = {(int(r["frame"]), r["person"], r["joint"]): r for r in csv.DictReader(file)}
    degrees = poses.people[0].angles.degrees[0]
    knee = degrees[ANGLES.index("right_knee_flexion")]
    assert np.isclose(float(rows[FIRST, "0", "right_knee"]["flexion_deg"]), knee, atol=0.006)
    assert rows[FIRST, "0", "right_knee"]["plane_deg"] == ""
    # Person 3 has no right wrist in the second frame, so that elbow has no angle.
    assert rows[9, "3", "right_elbow"]["flexion_deg"] == ""
    assert rows[10, "3", "right_elbow"]["flexion_deg"] != ""


def test_confidence_is_in_every_format_that_can_hold_it(tmp_path):
    poses = settle(two_people())
    sure = poses.people[1].confidence
    assert np.ptp(sure) > 0.1
    said = np.array([row["confidence_3d"] for row in to_dict(poses)["people"][1]["frames"]])
    np.testing.assert_allclose(said, sure, atol=6e-5)
    csv_table.write(poses, tmp_path / "t.csv", ExportConfig())
    with (tmp_path / "t.csv").open(newline="") as file:
        told = [float(r["confidence_3d"]) for r in csv.DictReader(file) if r["person"] == "3"]
    np.testing.assert_allclose(np.reshape(told, sure.shape), sure, atol=6e-5)
    arrays.write(poses, tmp_path / "a.npz", ExportConfig())
    with np.load(tmp_path / "a.npz") as stored:
        np.testing.assert_array_equal(stored["confidence"][1, 3:9], sure)
