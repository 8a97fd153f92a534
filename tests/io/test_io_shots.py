"""Cuts are found, and nothing else is taken for one."""

import cv2
import numpy as np
import pytest

from hotvid.io.shots import ShotFinder

RNG = np.random.default_rng(3)


def scene(seed, size_px=(320, 180)):
    """A place: patches of many sizes."""
    rng, picture = np.random.default_rng(seed), np.full((*size_px[::-1], 3), 90, np.uint8)
    for _ in range(120):
        at = rng.integers(0, size_px)
        half = rng.integers(3, 30, 2)
        low, high = (at - half).tolist(), (at + half).tolist()
        cv2.rectangle(picture, low, high, rng.integers(0, 256, 3).tolist(), -1)
    return picture


A, B = scene(1), scene(2)
BLACK = np.zeros_like(A)


def cuts(pictures, fps=30.0):
    finder = ShotFinder()
    seemed = [finder.begins_shot(p, i / fps) for i, p in enumerate(pictures)]
    return finder.cuts, [i for i, cut in enumerate(seemed) if cut]


def noisy(picture):
    return np.clip(picture + RNG.normal(0, 12, picture.shape), 0, 255).astype(np.uint8)


def test_cuts_are_where_another_place_is_shown():
    assert cuts([A] * 20 + [B] * 25 + [A] * 25) == ([20, 45], [20, 45])
    assert cuts([noisy(A) for _ in range(5)] + [noisy(B) for _ in range(5)])[0] == [5]
    assert cuts([A] * 5 + [cv2.resize(A[30:120, 80:240], (320, 180))] * 5)[0] == [5], (
        "a closer view"
    )
    assert cuts([]) == ([], []) and cuts([A]) == ([], [])


@pytest.mark.parametrize(
    "change",
    {
        "noise": lambda i: noisy(A),
        "pan": lambda i: np.roll(A, 7 * i, 1),
        "shake": lambda i: np.roll(A, RNG.integers(-12, 13, 2).tolist(), (0, 1)),
        "fade": lambda i: (A * (1 - i / 12)).astype(np.uint8),
        "exposure": lambda i: np.clip(A * (0.4 if i > 5 else 1.0) + 20, 0, 255).astype(np.uint8),
        "zoom": lambda i: cv2.resize(A[2 * i : 180 - 2 * i, 3 * i : 320 - 3 * i], (320, 180)),
        "black": lambda i: BLACK,
        "somebody": lambda i: cv2.rectangle(A.copy(), (20 * i, 20), (20 * i + 70, 179), 0, -1),
    }.items(),
    ids=lambda named: named[0],
)
def test_one_shot_has_no_cuts(change):
    assert cuts([change[1](i) for i in range(12)]) == ([], [])


def test_a_camera_that_moves_is_told_from_one_before_which_things_move():
    def moves(pictures):
        finder = ShotFinder()
        for i, picture in enumerate(pictures):
            finder.begins_shot(picture, i / 30)
        return finder.camera_moves

    walk = [cv2.rectangle(A.copy(), (3 * i, 20), (3 * i + 70, 179), 9, -1) for i in range(80)]
    assert not moves(walk) and not moves([noisy(A) for _ in range(80)])
    assert not moves([A] * 40 + [B] * 40), "a cut is no movement"
    assert not moves(([A] * 24 + [B] * 24) * 3), "nor are many"
    for way in (-3, 3):
        assert not moves([np.roll(A, way * (i % 2), 1) for i in range(80)]), "a tremor"
    assert moves([np.roll(A, i, 1) for i in range(80)]), "slower than a pixel a frame"
    assert moves([np.roll(A, RNG.integers(-12, 13, 2).tolist(), (0, 1)) for _ in range(80)])
    assert not moves([np.roll(A, 9 * i, 1) for i in range(20)]), "too short to be sure"


def test_what_hides_a_shot_for_a_moment_ends_none():
    flash = np.full_like(A, 255)
    assert cuts([A] * 9 + [flash] * 2 + [A] * 9) == ([], [])
    assert cuts([A] * 9 + [BLACK] * 40 + [A] * 9) == ([], [])
    found, seemed = cuts([A] * 9 + [B] * 3 + [A] * 9)
    assert found == [] and seemed == [9, 12], "who follows people looks anew at once"
    passing = [scene(i) for i in range(5, 10)]  # somebody who walks by before the lens, say
    assert cuts([A] * 9 + passing + [A] * 9)[0] == []
    assert cuts([B] * 9 + [A] * 9 + passing + [A] * 9)[0] == [9]
    assert cuts([A] * 9 + passing + [B] * 9)[0] == [9, 10, 11, 12, 13, 14]
    assert cuts([A] * 9 + passing + [A] * 3 + [passing[2]] * 9)[0] == [17]
    assert cuts([A] * 9 + [B] * 3 + [scene(5)] * 9)[0] == [9, 12]
    assert cuts([A] * 9 + [BLACK] * 9 + [B] * 9)[0] == [18]


def test_pictures_that_are_far_apart_in_time_are_not_compared():
    places = [scene(i) for i in range(9)]
    assert cuts(places, fps=2.0) == ([], [])
    assert len(cuts(places, fps=10.0)[0]) == 8
    finder = ShotFinder()
    for i, picture in enumerate([A] * 5 + [B] * 5):
        finder.begins_shot(picture, i / 30 + (4 if i > 4 else 0))
    assert finder.cuts == [5], "a pause in a recording is one step"
