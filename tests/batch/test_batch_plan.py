"""What is done again, what is not, and where it goes."""

import os

import pytest

from hotvid.batch.find import Found, common_folder, find_videos
from hotvid.batch.manifest import DONE, FAILED, STARTED, Entry, Manifest
from hotvid.batch.plan import _name, plan, stamp
from hotvid.batch.settings import make_settings, of_video
from hotvid.batch.task import Before


@pytest.fixture
def tree(tmp_path):
    for name in ("in/a.mp4", "in/a.mov", "in/day/a.mp4"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"something")
    (tmp_path / "out").mkdir()
    return tmp_path


def planned(tree, settings, *given, overwrite=False):
    given = [tree / each for each in given or ["in"]]
    found = find_videos(given, recursive=True, leave_out=[tree / "out"])
    manifest = Manifest(tree / "out")
    base = common_folder(given)
    return plan(found, base, tree / "out", manifest, settings, overwrite=overwrite)


def whys(tree, settings, **how):
    return {video.folder: video.why for video in planned(tree, settings, **how)}


def finish(tree, video, settings, state=DONE, outputs=("poses.json",)):
    """As a batch leaves a video."""
    size, mtime_ns = stamp(video.path)
    folder = tree / "out" / video.folder
    folder.mkdir(parents=True, exist_ok=True)
    for name in outputs:
        (folder / name).write_text("{}")
    entry = Entry(
        input=str(video.path),
        folder=video.folder,
        state=state,
        size=size,
        mtime_ns=mtime_ns,
        content_sha256="ab" * 32,
        settings=settings.key,
        formats=settings.formats,
        outputs=outputs,
        made_of=of_video(settings.key, "ab" * 32),
    )
    Manifest(tree / "out").add(entry)


def test_each_video_has_a_folder_of_its_own(tree, as_json):
    found = planned(tree, as_json)
    assert [video.folder for video in found] == ["a.mov", "a.mp4", "day/a.mp4"]
    assert {video.why for video in found} == {"new"}
    task = found[2].task
    assert task.source == str(tree / "in/day/a.mp4") and task.settings is as_json
    assert task.folder == str(tree / "out/day/a.mp4")
    assert not task.overwrite and task.before == Before()


def test_several_folders_keep_their_names(tree, as_json):
    (tree / "in2").mkdir()
    (tree / "in2" / "a.mp4").touch()
    found = planned(tree, as_json, "in/day", "in2")
    assert [video.folder for video in found] == ["in/day/a.mp4", "in2/a.mp4"]


def test_done_is_done(tree, as_json):
    for video in planned(tree, as_json):
        finish(tree, video, as_json)
    assert set(whys(tree, as_json).values()) == {"done"}
    assert all(video.task is None for video in planned(tree, as_json))


def test_what_is_not_done_is_done_again(tree, as_json):
    a_mov, a_mp4, day = planned(tree, as_json)
    finish(tree, a_mov, as_json, STARTED)
    finish(tree, a_mp4, as_json, FAILED)
    finish(tree, day, as_json)
    (tree / "out" / "day/a.mp4" / "poses.json").unlink()
    want = {"a.mov": "interrupted", "a.mp4": "failed before", "day/a.mp4": "incomplete"}
    assert whys(tree, as_json) == want
    assert all(video.task.before.made_of for video in planned(tree, as_json))


def test_tasks_are_told_what_is_there_and_what_it_was_made_of(tree, as_json):
    a_mov, a_mp4, _ = planned(tree, as_json)
    finish(tree, a_mov, as_json, outputs=("poses.json", "skeleton.mp4"))
    finish(tree, a_mp4, as_json, FAILED, outputs=("poses.csv",))
    other = make_settings({"mode": "fast"}, ("json",))
    befores = [video.task.before for video in planned(tree, other)]
    told = [(b.outputs, b.made_of, b.doubtful) for b in befores]
    key = of_video(as_json.key, "ab" * 32)
    assert told == [
        (("poses.json", "skeleton.mp4"), key, False),
        (("poses.csv",), key, True),
        ((), "", False),
    ]


def test_other_settings_and_other_formats_are_changes(tree, as_json):
    video, *_ = planned(tree, as_json)
    finish(tree, video, as_json)
    assert whys(tree, make_settings({"mode": "fast"}, ("json",)))["a.mov"] == "changed"
    assert whys(tree, make_settings({}, ("json", "mp4")))["a.mov"] == "changed"
    (changed, *_) = planned(tree, make_settings({}, ("json", "mp4")))
    assert not changed.task.before.complete, "the video is still to be drawn"


def test_files_of_other_programs_are_all_missed(tree):
    bvh = make_settings({}, ("json", "bvh"))
    video, *_ = planned(tree, bvh)
    finish(tree, video, bvh, outputs=("poses.json", "poses.person0.bvh", "poses.person1.bvh"))
    assert whys(tree, bvh)["a.mov"] == "done"
    (tree / "out" / "a.mov" / "poses.person1.bvh").unlink()
    assert whys(tree, bvh)["a.mov"] == "incomplete"


def test_other_names_of_bones_are_a_change(tree):
    bvh = make_settings({}, ("bvh",))
    video, *_ = planned(tree, bvh)
    finish(tree, video, bvh, outputs=("poses.bvh",))
    mixamo = make_settings({}, ("bvh",), {"bone_names": "mixamo"})
    assert whys(tree, mixamo)["a.mov"] == "changed"


def test_fewer_formats_are_none(tree, as_json):
    both = make_settings({}, ("json", "mp4"))
    video, *_ = planned(tree, both)
    finish(tree, video, both, outputs=("poses.json", "skeleton.mp4"))
    assert whys(tree, as_json)["a.mov"] == "done"
    (tree / "out" / "a.mov" / "skeleton.mp4").unlink()
    assert whys(tree, as_json)["a.mov"] == "done"
    assert whys(tree, both)["a.mov"] == "incomplete"


def test_a_file_that_changed_is_looked_into(tree, as_json):
    video, *_ = planned(tree, as_json)
    finish(tree, video, as_json)
    os.utime(video.path, ns=(0, 1_000))
    (touched, *_) = planned(tree, as_json)
    assert touched.why == "changed"
    assert touched.task.is_done("ab" * 32) and not touched.task.is_done("cd" * 32)


def test_overwriting_takes_nothing_over(tree, as_json):
    for video in planned(tree, as_json):
        finish(tree, video, as_json)
    for video in planned(tree, as_json, overwrite=True):
        assert video.why == "again"
        assert video.task.overwrite and not video.task.is_done("ab" * 32)


def test_a_folder_that_was_taken_stays_so(tree, as_json):
    for video in planned(tree, as_json, "in"):
        finish(tree, video, as_json)
    (tree / "other").mkdir()
    (tree / "other" / "a.mp4").write_bytes(b"another video")
    (other,) = planned(tree, as_json, "other")
    assert (other.folder, other.why) == ("a.mp4~2", "new")
    finish(tree, other, as_json)
    assert [v.folder for v in planned(tree, as_json, "other")] == ["a.mp4~2"]
    # Together they would be mirrored otherwise; what is done stays where it is.
    both = planned(tree, as_json, "in", "other")
    assert {v.folder: v.why for v in both} == dict.fromkeys(
        ["a.mov", "a.mp4", "day/a.mp4", "a.mp4~2"], "done"
    )


def test_names_that_some_disks_take_for_one_get_two_folders(tree, as_json):
    (tree / "in" / "A.MP4").touch()
    (tree / "in" / "u\u0308.mp4").touch()
    (tree / "in" / "\u00fc.mp4").touch()
    folders = [video.folder for video in planned(tree, as_json)]
    assert folders == [
        "A.MP4", "a.mov", "a.mp4~2", "u\u0308.mp4", "\u00fc.mp4~2", "day/a.mp4",
    ]  # fmt: skip


def test_videos_that_moved_as_a_whole_are_done(tree, as_json):
    for video in planned(tree, as_json):
        finish(tree, video, as_json)
    (tree / "in").rename(tree / "moved")
    found = planned(tree, as_json, "moved")
    assert {v.folder: v.why for v in found} == dict.fromkeys(
        ["a.mov", "a.mp4", "day/a.mp4"], "done"
    )


def test_a_folder_that_cannot_be_read(tree, as_json):
    found = [Found(tree / "in" / "day", "Permission denied")]
    (video,) = plan(found, tree / "in", tree / "out", Manifest(tree / "out"), as_json)
    assert (video.why, video.error, video.task) == ("unreadable", "Permission denied", None)


def test_a_folder_spelled_otherwise_is_the_same(tree, as_json):
    for video in planned(tree, as_json):
        finish(tree, video, as_json)
    (tree / "IN").symlink_to(tree / "in")  # as where capitals make no difference
    found = planned(tree, as_json, "IN")
    assert {v.folder: v.why for v in found} == dict.fromkeys(
        ["a.mov", "a.mp4", "day/a.mp4"], "done"
    )


def test_names_in_a_manifest_that_was_made_on_windows():
    assert _name(r"C:\videos\day\walk.mp4") == "walk.mp4"
    assert _name("/videos/a\\b.mp4") == "a\\b.mp4"
