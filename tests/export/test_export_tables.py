"""CSV, Parquet and NPZ, read back."""

import csv
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from stick_people import FIRST, FPS, N_FRAMES, in_json, two_people

from hotvid.config import ExportConfig
from hotvid.export import csv_table
from hotvid.skeleton import H36M17
from hotvid.stored import arrays, parquet_table, table
from hotvid.stored.poses_json import to_dict

MM = 1e-3
config = ExportConfig()


def rows_of(columns, track_id):
    """(F, 17) of each column of one person, from columns of the tidy table."""
    mine = columns["person"] == track_id
    return {name: values[mine].reshape(-1, 17) for name, values in columns.items()}


def check_against_json(columns, poses):
    for found in to_dict(poses)["people"]:
        mine, frames = rows_of(columns, found["id"]), found["frames"]
        np.testing.assert_array_equal(mine["frame"][:, 0], [f["frame"] for f in frames])
        np.testing.assert_array_equal(mine["joint"][0], H36M17.joints)
        np.testing.assert_allclose(mine["time_s"][:, 3], [f["time_s"] for f in frames], atol=1e-6)
        np.testing.assert_array_equal(
            mine["interpolated"][:, 0].astype(bool), [f["interpolated"] for f in frames]
        )
        flat = np.array([f["keypoints_2d"] for f in frames])
        mine_flat = np.stack([mine[c] for c in ("x_px", "y_px", "score")], -1)
        np.testing.assert_allclose(mine_flat, flat, atol=0.01)
        world = np.stack([mine[f"world_{axis}_m"] for axis in "xyz"], -1)
        body = np.stack([mine[f"{axis}_m"] for axis in "xyz"], -1)
        wanted = in_json(poses, found["id"])
        known = np.isfinite(wanted)
        np.testing.assert_allclose(world[known], wanted[known], atol=MM)
        wanted = np.array([f["keypoints_3d"] or [[np.nan] * 3] * 17 for f in frames])
        np.testing.assert_allclose(body[known], wanted[known], atol=MM)


def test_csv_agrees_with_the_json(tmp_path):
    poses = two_people()
    csv_table.write(poses, tmp_path / "a.csv", config)
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == (N_FRAMES + 6) * 17 and list(rows[0]) == list(table.COLUMNS)

    def column(name):
        values = [row[name] for row in rows]
        return (
            np.array(values) if name == "joint" else np.array([float(v or "nan") for v in values])
        )

    check_against_json({name: column(name) for name in table.COLUMNS}, poses)
    (wrist,) = (
        r for r in rows if (r["person"], r["frame"], r["joint"]) == ("3", "9", "right_wrist")
    )
    assert wrist["x_m"] == wrist["world_z_m"] == "" and wrist["x_px"] != ""


def test_parquet_agrees_with_the_json_by_another_reader(tmp_path):
    pytest.importorskip("pyarrow")
    polars = pytest.importorskip("polars")
    poses = two_people()
    parquet_table.write(poses, tmp_path / "a.parquet", config)
    frame = polars.read_parquet(tmp_path / "a.parquet")
    assert frame.columns == list(table.COLUMNS)
    assert str(frame.schema["interpolated"]) == "Boolean" and str(frame.schema["x_m"]) == "Float32"
    assert frame["x_m"].null_count() == 1 and not frame["x_m"].is_nan().any()
    columns = {c: frame[c].cast(str).to_numpy() if c == "joint" else frame[c].to_numpy()
               for c in frame.columns}  # fmt: skip
    check_against_json(columns, poses)


def test_parquet_says_what_its_columns_mean(tmp_path):
    pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet_table.write(two_people(), tmp_path / "a.parquet", config)
    schema = parquet.read_schema(tmp_path / "a.parquet")
    assert schema.field("world_y_m").metadata[b"description"].startswith(b"metres in the world")
    assert float(schema.metadata[b"fps"]) == FPS


def test_long_tracks_are_whole_across_the_blocks(monkeypatch, tmp_path):
    monkeypatch.setattr(table, "_FRAMES_AT_ONCE", 5)
    blocks = list(table.table_blocks(two_people()))
    assert [len(b["frame"]) // 17 for b in blocks] == [5, 5, 2, 5, 1]
    frames = np.concatenate([b["frame"] for b in blocks]).reshape(-1, 17)[:, 0]
    assert frames.tolist() == [*range(5, 17), *range(8, 14)]


def test_arrays_cover_all_frames_and_agree_with_the_json(tmp_path):
    poses = two_people()
    arrays.write(poses, tmp_path / "a.npz", config)
    with np.load(tmp_path / "a.npz") as found:
        assert found["schema"] == arrays.SCHEMA
        assert found["joints"].tolist() == list(H36M17.joints)
        assert found["person"].tolist() == [0, 3]
        assert found["frame"].tolist() == list(range(FIRST, FIRST + N_FRAMES))
        np.testing.assert_allclose(found["pts_s"], poses.pts_s)
        assert found["present"].sum(1).tolist() == [12, 6]
        np.testing.assert_allclose(found["world_m"][0], in_json(poses, 0), atol=MM)
        there = found["present"][1]
        wanted = in_json(poses, 3)
        known = np.isfinite(wanted)
        np.testing.assert_allclose(found["world_m"][1, there][known], wanted[known], atol=MM)
        assert np.isnan(found["xyz_m"][1, ~there]).all() and not there[:3].any()
        np.testing.assert_array_equal(found["root_m"][1, there], poses.people[1].motion.root_m)
        np.testing.assert_array_equal(found["xy_px"][0], poses.people[0].keypoints.xy_px)


def test_nobody_is_a_table_without_rows_and_arrays_without_people(tmp_path):
    nobody = replace(two_people(), people=())
    csv_table.write(nobody, tmp_path / "a.csv", config)
    assert (tmp_path / "a.csv").read_text() == ",".join(table.COLUMNS) + "\n"
    arrays.write(nobody, tmp_path / "a.npz", config)
    with np.load(tmp_path / "a.npz") as found:
        assert found["world_m"].shape == (0, N_FRAMES, 17, 3)
        assert found["present"].shape == (0, N_FRAMES)


def test_people_without_3d_are_in_the_tables_with_their_2d(tmp_path):
    poses = two_people()
    flat = replace(poses, people=(replace(poses.people[0], motion=None, world=None),))
    (block,) = table.table_blocks(flat)
    assert np.isnan(block["x_m"]).all() and np.isnan(block["world_y_m"]).all()
    assert np.isfinite(block["x_px"]).all()
    arrays.write(flat, tmp_path / "a.npz", config)
    with np.load(tmp_path / "a.npz") as found:
        assert np.isnan(found["xyz_m"]).all() and np.isfinite(found["xy_px"]).all()


def test_arrays_of_many_people_in_a_long_clip_are_never_all_in_memory(tmp_path):
    clip = two_people()
    long = replace(clip, pts_s=np.arange(20_000) / 30, people=clip.people * 20)
    tracemalloc.start()
    arrays.write(long, tmp_path / "a.npz", ExportConfig())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    with np.load(tmp_path / "a.npz") as file:
        assert file["xyz_m"].shape == (40, 20_000, 17, 3)
        assert file["present"].sum() == sum(len(p.keypoints) for p in long.people)
        size = file["xyz_m"].nbytes
    assert peak < size / 5
