"""Joint angles in tables and JSON, read back."""

import csv

import numpy as np
from stick_people import FIRST, two_people

from hotvid.config import ExportConfig
from hotvid.export import angles_csv, csv_table
from hotvid.export.json_export import to_dict
from hotvid.joint_angles import ANGLES
from hotvid.pipeline import settle


def test_the_wide_table_and_the_json_say_the_same(tmp_path):
    poses = settle(two_people())
    angles_csv.write(poses, tmp_path / "a.csv", ExportConfig())
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["frame", "time_s", "person", *(f"{a}_deg" for a in ANGLES)]
    assert [int(r["frame"]) for r in rows if r["person"] == "3"] == [8, 9, 10, 11, 12, 13]
    said = to_dict(poses)
    assert said["joint_angles"]["names"] == list(ANGLES)
    flat = [row for p in said["people"] for row in p["frames"]]
    for row, found in zip(flat, rows, strict=True):
        wanted = ["" if v is None else f"{v:.2f}" for v in row["joint_angles"]]
        assert [found[f"{a}_deg"] for a in ANGLES] == wanted


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
