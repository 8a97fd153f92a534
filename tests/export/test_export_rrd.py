"""Rerun recordings, read back chunk by chunk."""

import numpy as np
import pytest
from stick_people import FIRST, N_FRAMES, in_json, two_people

from hotvid.config import ExportConfig
from hotvid.errors import OutputError
from hotvid.export import rrd
from hotvid.exports import plan_exports, write_exports

rr = pytest.importorskip("rerun")


def rows(path, entity, component):
    """{frame: (N, C) of the component} of one entity."""
    found = {}
    for chunk in rr.chunk.RrdReader(path).stream():
        if chunk.entity_path != entity or chunk.is_static:
            continue
        batch = chunk.to_record_batch()
        (name,) = (n for n in batch.schema.names if n.endswith(component))
        frames = batch.column("frame").to_pylist()
        found |= dict(zip(frames, batch.column(name).to_pylist(), strict=True))
    return {frame: np.array(found[frame]) for frame in sorted(found)}


def test_everyone_is_where_the_json_says(tmp_path):
    poses = two_people()
    rrd.write(poses, tmp_path / "a.rrd", ExportConfig())
    for track_id, start, n in ((0, FIRST, N_FRAMES), (3, FIRST + 3, 6)):
        entity = f"/world/person{track_id}"
        places = rows(tmp_path / "a.rrd", entity, ":positions")
        joints = rows(tmp_path / "a.rrd", entity, ":keypoint_ids")
        assert list(places) == list(range(start, start + n + 1))
        assert len(places[start + n]) == 0, "gone after the last frame"
        wanted = in_json(poses, track_id)
        for row, frame in enumerate(range(start, start + n)):
            if np.isfinite(wanted[row]).all():
                np.testing.assert_allclose(places[frame], wanted[row, joints[frame]], atol=1e-3)
            else:
                assert len(joints[frame]) == 16 and 16 not in joints[frame]


@pytest.mark.parametrize(
    "said, told",
    [
        ("No space left on device (os error 28)", "the disk is full"),
        ("File-writer thread shut down prematurely", "Rerun could not write all of it"),
    ],
)
def test_what_rerun_cannot_write_is_no_output(tmp_path, monkeypatch, said, told):
    def fail(stream, *given, **more):
        raise RuntimeError(said)

    monkeypatch.setattr(rr.RecordingStream, "flush", fail)
    exports = plan_exports("rrd", tmp_path / "a.rrd", "walk.mp4")
    with pytest.raises(OutputError, match=rf"cannot write '.*a\.rrd': {told}"):
        write_exports(two_people(), exports)
    assert list(tmp_path.iterdir()) == []


def test_the_picture_has_the_keypoints(tmp_path):
    poses = two_people()
    rrd.write(poses, tmp_path / "a.rrd", ExportConfig())
    found = rows(tmp_path / "a.rrd", "/picture/person3", ":positions")
    np.testing.assert_allclose(found[8], poses.people[1].keypoints.xy_px[0])
