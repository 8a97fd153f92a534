"""Poses come back from a pose store exactly, and nothing else is believed."""

import dataclasses
import io
import json
import zipfile

import numpy as np
import pytest

from hotvid.errors import InputError, OutputError
from hotvid.stored.pose_store import SCHEMA, is_pose_store, load_poses, save_poses
from hotvid.types import ModelsUsed, Motion3D, Person, Poses, Track2D, VideoInfo


def track(rng, track_id, joint_set, n_joints, first, n):
    xy_px = rng.normal(500, 200, (n, n_joints, 2)).astype(np.float32)
    xy_px[n // 2] = np.nan
    return Track2D(
        track_id=track_id,
        joint_set=joint_set,
        frame_index=np.arange(first, first + n),
        xy_px=xy_px,
        score=rng.random((n, n_joints), np.float32),
        box_px=rng.random((n, 4), np.float32),
        person_score=rng.random(n, np.float32),
        interpolated=rng.random(n) < 0.3,
    )


def some_poses(n_frames=40, first=7):
    rng = np.random.default_rng(3)
    people = []
    for track_id, (start, n) in enumerate([(first, n_frames), (first + 5, 10), (first, 0)]):
        motion = Motion3D(
            rng.normal(size=(n, 17, 3)).astype(np.float32),
            rng.normal(size=(n, 3)).astype(np.float32),
        )
        people.append(
            Person(
                detected=track(rng, track_id, "blazepose33", 33, start, n) if n else EMPTY33,
                keypoints=track(rng, track_id, "h36m17", 17, start, n) if n else EMPTY17,
                motion=None if track_id == 1 else motion,
            )
        )
    return Poses(
        video=VideoInfo("vidéo 'x'.mp4", 1920, 1080, 29.97, 240, 8.0, True, None, 1440),
        first_frame=first,
        pts_s=np.cumsum(rng.random(n_frames)),
        people=tuple(people),
        models=ModelsUsed("blazepose-full", "hot-mixste-s", "ab" * 32),
        warnings=("it breaks off at 3 s", "zwölf"),
        cuts=(first + 12, first + 20),
    )


def empty(joint_set, n_joints):
    return Track2D(
        2,
        joint_set,
        np.zeros(0, np.int64),
        np.zeros((0, n_joints, 2), np.float32),
        np.zeros((0, n_joints), np.float32),
        np.zeros((0, 4), np.float32),
        np.zeros(0, np.float32),
        np.zeros(0, bool),
    )


EMPTY33, EMPTY17 = empty("blazepose33", 33), empty("h36m17", 17)


def assert_same(one, other):
    assert type(one) is type(other)
    if dataclasses.is_dataclass(one):
        for field in dataclasses.fields(one):
            assert_same(getattr(one, field.name), getattr(other, field.name))
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    elif isinstance(one, tuple):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            assert_same(a, b)
    else:
        assert one == other


def test_round_trip_is_exact(tmp_path):
    poses = some_poses()
    save_poses(poses, tmp_path / "new" / "a.npz")
    assert_same(load_poses(tmp_path / "new" / "a.npz"), poses)


def test_nobody_and_unknowns(tmp_path):
    video = VideoInfo("a.mp4", 64, 48, 25.0)
    poses = Poses(video, 0, np.arange(5) / 25, (), ModelsUsed("blazepose-lite"))
    save_poses(poses, tmp_path / "a.npz")
    assert_same(load_poses(tmp_path / "a.npz"), poses)


def test_existing_is_refused(tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(b"old")
    with pytest.raises(OutputError, match="exists"):
        save_poses(some_poses(), path)
    assert path.read_bytes() == b"old"
    save_poses(some_poses(), path, overwrite=True)
    assert load_poses(path).n_frames == 40


def test_size_stays_small(tmp_path):
    """An hour of one person stays well under 150 MB: noise is the worst that can come."""
    n = 2000
    poses = some_poses(n)
    one = dataclasses.replace(poses, people=poses.people[:1])
    save_poses(one, tmp_path / "a.npz")
    assert (tmp_path / "a.npz").stat().st_size / n < 1000


def test_what_is_a_pose_store(tmp_path):
    save_poses(some_poses(), tmp_path / "a.npz")
    (tmp_path / "a.npz").rename(tmp_path / "other_name.bin")
    (tmp_path / "a.mp4").write_bytes(b"\0" * 100)
    assert is_pose_store(tmp_path / "other_name.bin")
    assert is_pose_store(tmp_path / "missing.NPZ")
    assert not is_pose_store(tmp_path / "a.mp4")
    assert not is_pose_store(tmp_path / "missing.mp4")
    assert not is_pose_store(tmp_path)


def complaint(path):
    with pytest.raises(InputError) as caught:
        load_poses(path)
    assert "\n" not in str(caught.value) and path.name in str(caught.value)
    return str(caught.value)


def changed(tmp_path, **arrays):
    """A pose store in which some arrays are others, or gone where None."""
    path = tmp_path / "good.npz"
    save_poses(some_poses(), path, overwrite=True)
    with np.load(path) as store:
        kept = {name: store[name] for name in store.files if arrays.get(name, "") is not None}
    np.savez(tmp_path / "bad.npz", **kept | {k: v for k, v in arrays.items() if v is not None})
    return tmp_path / "bad.npz"


def test_missing_and_folder(tmp_path):
    assert "does not exist" in complaint(tmp_path / "no.npz")
    assert "is a folder" in complaint(tmp_path)


def test_cut_short_or_empty(tmp_path):
    save_poses(some_poses(), tmp_path / "a.npz")
    data = (tmp_path / "a.npz").read_bytes()
    for n_bytes in (0, 10, len(data) // 2, len(data) - 1):
        (tmp_path / "b.npz").write_bytes(data[:n_bytes])
        assert "damaged" in complaint(tmp_path / "b.npz")


def test_flipped_bytes(tmp_path):
    save_poses(some_poses(), tmp_path / "a.npz")
    data = (tmp_path / "a.npz").read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(60):
        bad = bytearray(data)
        for at in rng.integers(0, len(data), 20):
            bad[at] ^= 0xFF
        (tmp_path / "b.npz").write_bytes(bad)
        try:
            load_poses(tmp_path / "b.npz")
        except InputError:
            refused += 1
    assert refused == 60


def test_foreign(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.arange(3))
    assert "was not made by hotvid" in complaint(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", schema=np.array("other/1"))
    assert "was not made by hotvid" in complaint(tmp_path / "b.npz")
    np.savez(tmp_path / "c.npz", schema=np.arange(3))
    assert "damaged" in complaint(tmp_path / "c.npz")


def test_newer(tmp_path):
    text = complaint(changed(tmp_path, schema=np.array("hotvid-poses/2")))
    assert "hotvid-poses/2" in text and SCHEMA in text and "update hotvid" in text


@pytest.mark.parametrize(
    "arrays",
    [
        {"meta": np.array("{")},
        {"meta": np.array("[]")},
        {"meta": np.array('{"people": []}')},
        {"pts_s": None},
        {"pts_s": np.zeros((40, 2))},
        {"pts_s": np.zeros(3)},
        {"person0.keypoints.xy_px": np.zeros((40, 17, 3), np.float32)},
        {"person0.keypoints.xy_px": np.zeros((40, 17, 2), np.float64)},
        {"person0.keypoints.frame_index": np.arange(0, 80, 2)},
        {"person0.motion.xyz_m": np.zeros((39, 17, 3), np.float32)},
        {"person1.detected.score": None},
        {"pts_s": np.minimum(np.arange(40.0), 38)},
        {"pts_s": 1e9 * np.arange(40.0)},
        {"person1.detected.frame_index": np.arange(40, 50)},
        {"person1.keypoints.frame_index": np.arange(10)},
        {"person1.detected.xy_px": np.full((10, 33, 2), 1e8, np.float32)},
        {"person1.detected.score": np.full((10, 33), 1.5, np.float32)},
    ],
    ids=lambda arrays: "-".join(f"{k}" for k in arrays),
)
def test_wrong_contents(tmp_path, arrays):
    complaint(changed(tmp_path, **arrays))


@pytest.mark.parametrize("part", ["detected", "keypoints"])
def test_joints_that_are_not_those_of_the_joint_set(tmp_path, part):
    save_poses(some_poses(), tmp_path / "good.npz")
    with np.load(tmp_path / "good.npz") as good:
        meta = json.loads(str(good["meta"]))
        n_rows = len(good[f"person0.{part}.frame_index"])
        few = {"xy_px": (n_rows, 5, 2), "score": (n_rows, 5)}
    few = {f"person0.{part}.{k}": np.zeros(shape, np.float32) for k, shape in few.items()}
    assert "xy_px" in complaint(changed(tmp_path, **few))
    meta["people"][0][part]["joint_set"] = "hands21"
    assert "hands21" in complaint(changed(tmp_path, meta=np.array(json.dumps(meta))))


def with_meta(tmp_path, change):
    """A pose store of which `change` has changed the meta data."""
    save_poses(some_poses(), tmp_path / "good.npz", overwrite=True)
    with np.load(tmp_path / "good.npz") as good:
        meta = json.loads(str(good["meta"]))
    change(meta)
    return changed(tmp_path, meta=np.array(json.dumps(meta)))


def test_a_motion_shorter_than_its_track_is_damaged(tmp_path):
    short = {
        "person0.motion.xyz_m": np.zeros((39, 17, 3), np.float32),
        "person0.motion.root_m": np.zeros((39, 3), np.float32),
    }
    assert "xyz_m" in complaint(changed(tmp_path, **short))


def test_keypoints_of_another_skeleton_with_as_many_joints_are_not_taken_for_ours(tmp_path):
    def other(meta):
        meta["people"][0]["keypoints"]["joint_set"] = "coco17"

    assert "keypoints are 'coco17'" in complaint(with_meta(tmp_path, other))


def test_sound_that_is_neither_there_nor_not(tmp_path):
    assert "has_audio" in complaint(
        with_meta(tmp_path, lambda m: m["video"].update(has_audio="no"))
    )


def test_stores_from_before_cuts_were_known_are_read(tmp_path):
    assert load_poses(with_meta(tmp_path, lambda meta: meta.pop("cuts"))).cuts == ()


def test_nothing_is_unpickled(tmp_path):
    bad = changed(tmp_path, meta=np.array([print], dtype=object))
    assert "damaged" in complaint(bad)


def test_a_claim_beyond_the_file_is_not_believed(tmp_path):
    save_poses(some_poses(), tmp_path / "a.npz")
    header = io.BytesIO()
    claim = {"descr": "<f8", "fortran_order": False, "shape": (10**12,)}
    np.lib.format.write_array_header_1_0(header, claim)
    with zipfile.ZipFile(tmp_path / "a.npz") as good:
        contents = {name: good.read(name) for name in good.namelist()}
    contents["pts_s.npy"] = header.getvalue() + bytes(80)
    with zipfile.ZipFile(tmp_path / "b.npz", "w") as bad:
        for name, data in contents.items():
            bad.writestr(name, data)
    assert "does not hold what it claims" in complaint(tmp_path / "b.npz")
