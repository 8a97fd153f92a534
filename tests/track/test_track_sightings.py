"""A long clip held tight is the same clip."""

import numpy as np
import pytest

from hotvid.errors import ShapeError
from hotvid.track import Sightings, associate
from hotvid.track import sightings as module
from hotvid.types import Keypoints2D


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(module, "_BLOCK", 4)


def seen(n_people, rng, joint_set="coco17"):
    return Keypoints2D(
        joint_set,
        rng.uniform(0, 90, (n_people, 17, 2)).astype(np.float32),
        rng.uniform(0.5, 1, (n_people, 17)).astype(np.float32),
        rng.uniform(0, 90, (n_people, 4)).astype(np.float32),
        rng.uniform(0.5, 1, n_people).astype(np.float32),
    )


def clip(counts):
    rng = np.random.default_rng(0)
    return [seen(n, rng) for n in counts]


def same(a, b):
    assert a.joint_set == b.joint_set and len(a) == len(b)
    for name in ("xy_px", "score", "box_px", "person_score"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
        assert getattr(a, name).dtype == np.float32


@pytest.mark.parametrize(
    "counts", [[], [0], [2], [1, 0, 2, 1], [0, 0, 0, 0, 1], [0] * 9, [1, 2, 3, 0, 1, 0, 0, 2, 1]]
)
def test_every_frame_comes_back(counts):
    frames = clip(counts)
    held = Sightings(frames)
    assert len(held) == len(frames) and held.counts().tolist() == counts
    for there, back in zip(frames, held, strict=True):
        same(there, back)
    if frames:
        same(held[-1], frames[-1])
    for part, wanted in zip(held[1:6:2], frames[1:6:2], strict=True):
        same(part, wanted)
    with pytest.raises(IndexError):
        held[len(frames)]
    everyone = held.everyone()
    assert (everyone is None) == (sum(counts) == 0)
    if everyone is not None:
        wanted = np.concatenate([frame.xy_px for frame in frames])
        np.testing.assert_array_equal(everyone.xy_px, wanted)


def test_tracks_are_the_same():
    frames = clip([1, 2, 2, 0, 1, 1, 2, 1, 1, 1])
    times = np.arange(len(frames)) / 30
    plain, held = associate(frames, times), associate(Sightings(frames), times)
    assert len(plain) == len(held)
    for a, b in zip(plain, held, strict=True):
        np.testing.assert_array_equal(a.xy_px, b.xy_px)
        np.testing.assert_array_equal(a.frame_index, b.frame_index)


@pytest.mark.parametrize("n_other", [1, 6])
def test_joint_sets_do_not_mix(n_other):
    rng = np.random.default_rng(1)
    frames = [seen(1, rng) for _ in range(3)] + [seen(1, rng, "h36m17") for _ in range(n_other)]
    with pytest.raises(ShapeError, match="expected one joint set, got coco17, h36m17"):
        Sightings(frames).everyone()
