"""What a batch was made with: also the bytes of a 2D model's file."""

import pytest
from test_batch_plan import finish, planned, tree, whys  # noqa: F401  (a fixture)

from hotvid.batch import settings
from hotvid.batch.settings import make_settings


@pytest.fixture
def files(tmp_path, monkeypatch):
    """(pose, detector): files of models, which nobody loads."""
    monkeypatch.setattr(settings, "_check_models", lambda config: None)
    pose, detector = tmp_path / "pose.onnx", tmp_path / "det.onnx"
    pose.write_bytes(b"one")
    detector.write_bytes(b"two")
    return pose, detector


@pytest.mark.parametrize("changes", [None, 0, 1], ids=["neither", "pose", "detector"])
def test_a_model_of_other_bytes_makes_a_video_changed(tree, files, changes):  # noqa: F811
    options = {"pose2d": f"rtmpose:{files[0]}", "detector": f"rtmdet:{files[1]}"}
    first = make_settings(options, ("json",))
    video, *_ = planned(tree, first)
    finish(tree, video, first)
    if changes is not None:
        files[changes].write_bytes(b"three")
    again = make_settings(options, ("json",))
    assert whys(tree, again)["a.mov"] == ("done" if changes is None else "changed")
    assert (again.poses_key == first.poses_key) == (changes is None)
