"""Arrays and Parquet of hotvid read back: as JSON is, and what is no such file is said so."""

import tracemalloc
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from stick_people import two_people, uneven

from hotvid.config import ExportConfig
from hotvid.errors import InputError
from hotvid.pipeline import settle
from hotvid.stored import arrays, parquet_table
from hotvid.stored.arrays import is_arrays, load_arrays
from hotvid.stored.parquet_table import is_parquet, load_parquet
from hotvid.stored.pose_store import load_poses, save_poses
from hotvid.stored.poses_json import load_poses_json, to_dict, write_json
from hotvid.track import select_people

WAYS = {
    "a.npz": (arrays.write, load_arrays),
    "a.parquet": (parquet_table.write, load_parquet),
}
each_way = pytest.mark.parametrize("name", WAYS)


def there_and_back(poses, path):
    if path.suffix == ".parquet":
        pytest.importorskip("pyarrow")
    write, load = WAYS[path.name]
    write(poses, path, ExportConfig())
    return load(path)


def by_json(poses, folder):
    write_json(poses, folder / "a.json")
    return load_poses_json(folder / "a.json")


def same(ours, theirs):
    known = np.isfinite(theirs)
    assert known.mean() > 0.8
    np.testing.assert_allclose(ours[known], theirs[known], atol=1e-3)


@each_way
def test_they_hold_what_json_holds(tmp_path, name):
    poses = settle(uneven(two_people("h36m17")))
    found, wanted = there_and_back(poses, tmp_path / name), by_json(poses, tmp_path)
    assert (found.video, found.models, found.warnings) == (
        wanted.video,
        wanted.models,
        wanted.warnings,
    )
    assert found.first_frame == wanted.first_frame and found.world is not None
    np.testing.assert_allclose(found.pts_s, poses.pts_s, atol=1e-6)
    for ours, theirs in zip(found.people, wanted.people, strict=True):
        assert ours.track_id == theirs.track_id
        one, other = ours.keypoints, theirs.keypoints
        np.testing.assert_array_equal(one.frame_index, other.frame_index)
        np.testing.assert_array_equal(one.interpolated, other.interpolated)
        np.testing.assert_allclose(one.xy_px, other.xy_px, atol=0.01)
        np.testing.assert_allclose(one.score, other.score, atol=1e-4)
        np.testing.assert_allclose(ours.confidence, theirs.confidence, atol=1e-4)
        same(ours.motion.xyz_m, theirs.motion.xyz_m)
        same(ours.world.xyz_m, theirs.world.xyz_m)
        if name == "a.npz":
            same(ours.motion.root_m, theirs.motion.root_m)
        else:
            seen = (poses.world.rotation @ ours.motion.root_m.T).T + poses.world.camera_m
            same(seen, theirs.world.xyz_m[:, 0])


def test_arrays_hold_boxes_and_standing_feet(tmp_path):
    poses = settle(two_people("h36m17"))
    found = there_and_back(poses, tmp_path / "a.npz")
    for ours, theirs in zip(found.people, poses.people, strict=True):
        np.testing.assert_array_equal(ours.keypoints.box_px, theirs.keypoints.box_px)
        np.testing.assert_array_equal(ours.keypoints.person_score, theirs.keypoints.person_score)
        np.testing.assert_array_equal(ours.world.contact, theirs.world.contact)
    one, other = (to_dict(settle(p))["world"] for p in (found, poses))
    assert one == other


@each_way
def test_people_without_3d_stay_so_and_nobody_is_nobody(tmp_path, name):
    poses = two_people("h36m17")
    flat = replace(poses, people=(replace(poses.people[0], motion=None, world=None),))
    (person,) = there_and_back(flat, tmp_path / name).people
    assert person.motion is None and person.world is None
    nobody = there_and_back(replace(poses, people=(), world=None), tmp_path / name)
    assert nobody.people == () and nobody.n_frames == poses.n_frames


@each_way
def test_who_was_lifted_but_not_placed_stays_so(tmp_path, name):
    poses = replace(two_people("h36m17"), world=None)
    people = tuple(replace(p, world=None, angles=None) for p in poses.people)
    for person in there_and_back(replace(poses, people=people), tmp_path / name).people:
        assert person.motion is not None
        assert person.world is None and person.angles is None and person.confidence is None


def test_a_frame_in_which_no_joint_is_known_has_no_box(tmp_path):
    poses = settle(two_people("h36m17"))
    track = poses.people[0].keypoints
    track.xy_px[4], track.score[4] = np.nan, 0
    found = there_and_back(poses, tmp_path / "a.parquet").people[0].keypoints
    assert np.isnan(found.box_px).all(1).tolist() == [row == 4 for row in range(len(track))]


def test_where_each_shot_has_a_world_none_says_what_the_camera_saw(tmp_path):
    poses = settle(two_people("h36m17"))
    poses = replace(poses, cuts=(poses.first_frame + 6,))
    found = there_and_back(poses, tmp_path / "a.parquet")
    assert found.cuts == poses.cuts
    assert np.isnan(found.people[0].motion.root_m).all()


def test_arrays_keep_the_times_of_frames_without_anyone(tmp_path):
    poses = uneven(two_people("h36m17"))
    found = there_and_back(replace(poses, people=()), tmp_path / "a.npz")
    np.testing.assert_array_equal(found.pts_s, poses.pts_s)


def test_arrays_of_other_angles_or_a_newer_schema(tmp_path):
    there_and_back(settle(two_people("h36m17")), tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as found:
        held = dict(found)
    fewer = {"angles": held["angles"][:3], "angles_deg": held["angles_deg"][..., :3]}
    np.savez(tmp_path / "b.npz", **{**held, **fewer})
    assert [p.angles for p in load_arrays(tmp_path / "b.npz").people] == [None, None]
    np.savez(tmp_path / "c.npz", **{**held, "schema": np.array("hotvid-arrays/2")})
    with pytest.raises(InputError, match=r"hotvid-arrays/2.*update hotvid"):
        load_arrays(tmp_path / "c.npz")


@each_way
def test_half_a_file_is_one_line(tmp_path, name):
    there_and_back(two_people("h36m17"), tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="damaged"):
        WAYS[name][1](tmp_path / name)


def test_arrays_of_other_lengths_are_damaged(tmp_path):
    there_and_back(two_people("h36m17"), tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as found:
        held = dict(found)
    np.savez(tmp_path / "b.npz", **{**held, "xyz_m": held["xyz_m"][:, :3]})
    assert is_arrays(tmp_path / "b.npz")
    with pytest.raises(InputError, match=r"b\.npz' is damaged"):
        load_arrays(tmp_path / "b.npz")


def test_other_files_are_foreign(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w"):
        pass
    assert not is_arrays(tmp_path / "a.npz") and not is_arrays(tmp_path)
    assert is_parquet("a.PARQUET") and not is_parquet("a.csv")
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pa.table({"x": [1, 2]}), tmp_path / "a.parquet")
    with pytest.raises(InputError, match="not made by hotvid"):
        load_parquet(tmp_path / "a.parquet")
    with pytest.raises(InputError, match="does not exist"):
        load_parquet(tmp_path / "b.parquet")


def test_the_largest_of_a_table_without_boxes_is_the_largest(tmp_path):
    poses = settle(two_people("h36m17"))
    small, large = (replace(p, keypoints=_scaled(p.keypoints, s)) for p, s in
                    zip(poses.people, (0.1, 3), strict=True))  # fmt: skip
    found = there_and_back(replace(poses, people=(small, large)), tmp_path / "a.parquet")
    (chosen,) = select_people([p.keypoints for p in found.people], "largest")
    assert chosen.track_id == large.track_id
    known = np.isfinite(chosen.xy_px).all(-1)
    assert (chosen.xy_px[known] <= np.repeat(chosen.box_px[:, None, 2:], 17, 1)[known]).all()


def _scaled(track, factor):
    middle = np.nanmean(track.xy_px, 1, keepdims=True)
    return replace(track, xy_px=(middle + factor * (track.xy_px - middle)).astype(np.float32))


def test_arrays_hold_the_angles(tmp_path):
    poses = settle(two_people("h36m17"))
    found = there_and_back(poses, tmp_path / "a.npz")
    for ours, theirs in zip(found.people, poses.people, strict=True):
        np.testing.assert_array_equal(ours.angles.degrees, theirs.angles.degrees)


def test_arrays_of_another_order_in_memory_are_read(tmp_path):
    poses = settle(two_people("h36m17"))
    wanted = there_and_back(poses, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as held:
        np.savez(
            tmp_path / "b.npz",
            **{n: np.asfortranarray(v) if v.ndim else v for n, v in held.items()},
        )
    found = load_arrays(tmp_path / "b.npz")
    for ours, theirs in zip(found.people, wanted.people, strict=True):
        np.testing.assert_array_equal(ours.keypoints.xy_px, theirs.keypoints.xy_px)
        np.testing.assert_array_equal(ours.world.xyz_m, theirs.world.xyz_m)


def test_arrays_of_a_crowd_in_a_long_clip_are_never_all_in_memory(tmp_path):
    clip = two_people("h36m17")
    people = (moved(clip.people[0], track_id) for track_id in range(40))
    long = replace(clip, first_frame=0, pts_s=np.arange(20_000) / 30, people=tuple(people))
    arrays.write(long, tmp_path / "a.npz", ExportConfig())
    tracemalloc.start()
    found = load_arrays(tmp_path / "a.npz")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [len(p.keypoints) for p in found.people] == [12] * 40
    assert peak < 4 * 20_000 * 17 * 3 * 4  # some four times one person's largest array


@pytest.mark.parametrize("rows", [17, 18, 100])
def test_a_table_cut_anywhere_is_read(tmp_path, monkeypatch, rows):
    """Other programs group rows otherwise; people may come back after others."""
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    poses = settle(two_people("h36m17"))
    wanted = there_and_back(poses, tmp_path / "a.parquet")
    monkeypatch.setattr(parquet_table, "_ROWS_AT_ONCE", rows)
    table = parquet.read_table(tmp_path / "a.parquet")
    half = 17 * 6  # of the first person
    table = pa.concat_tables([table[:half], table[2 * half :], table[half : 2 * half]])
    parquet.write_table(table, tmp_path / "b.parquet", row_group_size=rows)
    found = load_parquet(tmp_path / "b.parquet")
    assert [p.track_id for p in found.people] == [0, 3]
    for ours, theirs in zip(found.people, wanted.people, strict=True):
        np.testing.assert_array_equal(ours.keypoints.xy_px, theirs.keypoints.xy_px)
        np.testing.assert_array_equal(ours.motion.root_m, theirs.motion.root_m)


def test_a_table_that_lacks_a_joint_is_damaged(tmp_path):
    pytest.importorskip("pyarrow")
    from pyarrow import parquet

    there_and_back(two_people("h36m17"), tmp_path / "a.parquet")
    parquet.write_table(parquet.read_table(tmp_path / "a.parquet")[:-1], tmp_path / "b.parquet")
    with pytest.raises(InputError, match="lacks joints"):
        load_parquet(tmp_path / "b.parquet")


def test_a_table_of_joints_in_another_order_is_damaged(tmp_path):
    pytest.importorskip("pyarrow")
    from pyarrow import parquet

    there_and_back(two_people("h36m17"), tmp_path / "a.parquet")
    table = parquet.read_table(tmp_path / "a.parquet")
    parquet.write_table(table.take([1, 0, *range(2, len(table))]), tmp_path / "b.parquet")
    with pytest.raises(InputError, match="not in their order"):
        load_parquet(tmp_path / "b.parquet")


def test_without_pyarrow_a_table_has_the_command_that_installs_it(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match="pip install pyarrow"):
        load_parquet(tmp_path / "a.parquet")


def moved(person, track_id):
    track = replace(person.keypoints, track_id=track_id)
    return replace(person, detected=track, keypoints=track)


LARGE = 2**53


@pytest.mark.parametrize("name", ["a.json", "poses.npz", *WAYS])
def test_the_largest_id_is_the_same_in_every_file(tmp_path, name):
    poses = two_people("h36m17")
    large = replace(poses, people=(moved(poses.people[0], LARGE), poses.people[1]))
    path = tmp_path / name
    if name == "a.json":
        assert [p.track_id for p in by_json(large, tmp_path).people] == [LARGE, 3]
    elif name == "poses.npz":
        save_poses(large, path)
        assert [p.track_id for p in load_poses(path).people] == [LARGE, 3]
    else:
        assert [p.track_id for p in there_and_back(large, path).people] == [LARGE, 3]


def test_older_tables_with_shorter_ids_are_read(tmp_path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    poses = two_people("h36m17")
    there_and_back(poses, tmp_path / "a.parquet")
    table = parquet.read_table(tmp_path / "a.parquet")
    assert table.schema.field("person").type == pa.int64()
    person = table.schema.get_field_index("person")
    table = table.set_column(person, "person", table["person"].cast(pa.int32()))
    parquet.write_table(table, tmp_path / "b.parquet")
    assert [p.track_id for p in load_parquet(tmp_path / "b.parquet").people] == [0, 3]
