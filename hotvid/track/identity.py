"""Which chains are people, which of them are the same person, and which people are wanted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hotvid.errors import UsageError
from hotvid.track.association import at_border
from hotvid.track.links import Chain
from hotvid.track.similarity import Detections, close_pairs, growth, moved
from hotvid.types import Track2D

_ONE_BODY = 0.12  # two people's joints are hardly ever this near for long, in body sizes
_ONE_BODY_SHARE = 0.6  # of the frames that have both
_ONE_BODY_S = 0.2  # and for this long
_TAKE_OVER_FRAMES = 3  # between the end of one and the beginning of the other, either way
_TAKE_OVER_BOX = 0.6  # of the smaller one's last or first box lies in the other's
# Who comes back may have walked so far, in body sizes a second, and look so much larger or smaller,
# as the log of it.
_WALK_PER_S, _REGROWN = 0.7, 0.3
_SIZED = 9  # detections at a chain's end by whose median it is sized
_LARGE = 1 / 3  # of the picture's shorter side: phantoms of so large a box have not been met
_SURER = 1.5  # times as probable must be what there is reason to doubt
_MOMENT_S, _MOMENT_FRAMES = 0.75, 5  # where frames are fewer, a moment is nothing special
_LYING = 1.2  # boxes so many times as wide as they are high
_SMALL = 1 / 5  # of the picture's shorter side


def merge_doubles(d: Detections, found: list[Chain]) -> list[Chain]:
    """Chains with those on one body made one: the longer keeps its rows, the other fills in."""
    owner = np.full(len(d), -1)
    for k, chain in enumerate(found):
        owner[chain] = k
    a, b, _ = close_pairs(d, _ONE_BODY)
    a, b = owner[a], owner[b]
    both = (a >= 0) & (b >= 0) & (a != b)
    met, count = np.unique(np.sort(np.stack([a[both], b[both]], 1), 1), axis=0, return_counts=True)
    chains: dict[int, Chain] = dict(enumerate(found))
    now = list(range(len(found)))
    for (x, y), near in zip(met[np.argsort(-count, kind="stable")], -np.sort(-count), strict=True):
        x, y = now[x], now[y]
        if x == y:
            continue
        rows, at, _ = np.intersect1d(d.row[chains[x]], d.row[chains[y]], return_indices=True)
        time_s = d.time_s[chains[x]][at]
        if near < max(3, _ONE_BODY_SHARE * len(rows)) or time_s[-1] - time_s[0] < _ONE_BODY_S:
            continue
        keep, drop = (x, y) if len(chains[x]) >= len(chains[y]) else (y, x)
        extra = chains[drop][~np.isin(d.row[chains[drop]], d.row[chains[keep]])]
        chains[keep] = np.sort(np.concatenate([chains[keep], extra]))
        del chains[drop]
        now = [keep if k == drop else k for k in now]
    return list(chains.values())


def take_over(d: Detections, found: list[Chain]) -> list[Chain]:
    """Chains made one where one ends and another begins at the same moment and place.

    Nobody else can be where somebody vanishes just then; it was a tumble, say, that no motion and
    no pose explains. Where both are seen for a frame or two, the one that is about to end is left
    out there.
    """
    order = sorted(found, key=lambda chain: int(d.row[chain[0]]))
    out: list[Chain] = []
    for chain in order:
        begins = d.row[chain[0]]
        fits = [
            k
            for k, other in enumerate(out)
            if abs(d.row[other[-1]] + 1 - begins) <= _TAKE_OVER_FRAMES
            and d.row[other[0]] < begins
            and d.row[chain[-1]] > d.row[other[-1]]
            and _within(d.box_px[other[-1]], d.box_px[chain[0]]) > _TAKE_OVER_BOX
        ]
        if len(fits) == 1:
            before = out[fits[0]]
            out[fits[0]] = np.concatenate([before[d.row[before] < begins], chain])
        else:
            out.append(chain)
    return out


def reunite(
    d: Detections, found: list[Chain], max_lost_s: float, size_px: tuple[int, int]
) -> list[Chain]:
    """Chains made one where one person alone is missing and then one alone appears.

    Whatever they did meanwhile, as long as the newcomer is of like size and no farther than people
    walk in that time, at most max_lost_s. At the picture's edge people come and go: who vanishes or
    appears there does not count.
    """
    begin, end = (np.array([d.time_s[chain[at]] for chain in found]) for at in (0, -1))
    by_begin = np.argsort(begin, kind="stable")
    next_up = np.searchsorted(begin[by_begin], end, "right")
    n_new = np.searchsorted(begin[by_begin], end + max_lost_s + 1e-6, "right") - next_up
    ends = np.sort(end)
    lost_since = np.searchsorted(ends, begin - max_lost_s - 1e-6)
    n_lost = np.searchsorted(ends, begin) - lost_since
    after = {}
    for i in np.flatnonzero(n_new == 1):
        j = by_begin[next_up[i]]
        if n_lost[j] == 1 and _may_be_back(d, found[i], found[j], size_px):
            after[int(i)] = int(j)
    out = []
    for first in sorted(set(range(len(found))) - set(after.values())):
        parts = [first]
        while parts[-1] in after:
            parts.append(after[parts[-1]])
        out.append(np.concatenate([found[k] for k in parts]))
    return out


def _may_be_back(d: Detections, before: Chain, after: Chain, size_px: tuple[int, int]) -> bool:
    a, b = before[-1:], after[:1]
    if np.any(at_border(d, np.concatenate([a, b]), size_px)):
        return False
    was, now = (float(np.median(d.size_px[part])) for part in (before[-_SIZED:], after[:_SIZED]))
    grown = min(float(growth(d, a, b)[0]), abs(np.log(now / was)))
    far = float(np.hypot(*moved(d, a, b)[0])) / np.sqrt(was * now)
    gap_s = float(d.time_s[b[0]] - d.time_s[a[0]])
    return grown < _REGROWN and far < _WALK_PER_S * gap_s


def _within(a: np.ndarray, b: np.ndarray) -> float:
    """The share of the smaller of two boxes that lies in the other."""
    common = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    smaller = min(np.prod(a[2:] - a[:2]), np.prod(b[2:] - b[:2]))
    return float(np.prod(np.maximum(common, 0)) / max(smaller, 1e-6))


def without_noise(
    d: Detections, found: list[Chain], pts_s: np.ndarray, min_length_s: float
) -> list[Chain]:
    """Chains seen for at least min_length_s in all, or for half of a clip that is short itself.

    A frame counts for half the time to each neighbour, beside a pause of the recording for as much
    as elsewhere.
    """
    if len(pts_s) < 2:
        return found
    share_s = np.minimum(np.gradient(pts_s), 2 * np.median(np.diff(pts_s)))
    least_s = min(min_length_s, share_s.sum() / 2)
    return [chain for chain in found if share_s[d.row[chain]].sum() >= least_s - 1e-6]


def without_phantoms(
    d: Detections, found: list[Chain], bbox_thr: float, size_px: tuple[int, int] | None
) -> list[Chain]:
    """Chains whose less probable half of sightings is, on average, at least as probable.

    What is no person is taken for one by fits and starts. Someone half hidden all through is as
    improbable in the best frames as in the rest, so what tells the two apart is the worse half.
    What fills the picture is somebody, however badly cut off by its edges. What is small and lies
    while others stand must be half as probable again: jackets on a lawn and lamps under a ceiling
    have been taken for people who lie. So must what comes out of nowhere for a moment: where people
    cross, parts of them have been put together to somebody else.
    """
    if bbox_thr <= 0:
        return found

    def is_somebody(chain: Chain, least: float) -> bool:
        return _is_somebody(d.box_px[chain], d.person_score[chain], least, size_px)

    likely = [chain for chain in found if is_somebody(chain, bbox_thr)]
    upright = [chain for chain in likely if _aspect(d.box_px[chain]) < 1 / _LYING]

    def is_doubtful(chain: Chain) -> bool:
        if _flashes_up(d, chain, size_px):
            return True
        lies = _lies_far_away(d.box_px[chain], size_px)
        return lies and any(_overlap(d, chain, other) for other in upright)

    return [
        chain
        for chain in likely
        if not is_doubtful(chain) or is_somebody(chain, min(_SURER * bbox_thr, 1.0))
    ]


def tracks_without_phantoms(
    tracks: Sequence[Track2D], bbox_thr: float, size_px: tuple[int, int] | None
) -> list[Track2D]:
    """Of finished tracks those whose less probable half of sightings is probable enough, or large.

    Where somebody saw to it whose track is whose, a moment is no reason for doubt.
    """
    seen = [~track.interpolated for track in tracks]
    return [
        track
        for track, at in zip(tracks, seen, strict=True)
        if _is_somebody(track.box_px[at], track.person_score[at], bbox_thr, size_px)
    ]


def _flashes_up(d: Detections, chain: Chain, size_px: tuple[int, int] | None) -> bool:
    """Whether it comes and goes within a moment, some time after and before anything is seen of
    anybody else, and not over the picture's edge."""
    first, last = ends = chain[[0, -1]]
    n_rows = d.row[-1] - d.row[0]
    step_s = (d.time_s[-1] - d.time_s[0]) / max(n_rows, 1)
    if size_px is None or step_s > _MOMENT_S / _MOMENT_FRAMES:
        return False
    brief = d.time_s[last] - d.time_s[first] + step_s < _MOMENT_S
    before, after = d.time_s[first] - d.time_s[0], d.time_s[-1] - d.time_s[last]
    amid = min(before, after) >= _MOMENT_S
    return bool(brief and amid and not np.any(at_border(d, ends, size_px)))


def _overlap(d: Detections, a: Chain, b: Chain) -> bool:
    return bool(d.row[a[0]] <= d.row[b[-1]] and d.row[b[0]] <= d.row[a[-1]])


def _lies_far_away(box_px: np.ndarray, size_px: tuple[int, int] | None) -> bool:
    if size_px is None or _aspect(box_px) < _LYING:
        return False
    x0, _, x1, _ = np.median(box_px, axis=0)
    return bool(x1 - x0 < _SMALL * min(size_px))


def _aspect(box_px: np.ndarray) -> float:
    """Width by height of boxes (N, 4), typically."""
    width, height = (box_px[:, 2:] - box_px[:, :2]).T
    return float(np.median(width / np.maximum(height, 1e-6)))


def _is_somebody(
    box_px: np.ndarray, score: np.ndarray, bbox_thr: float, size_px: tuple[int, int] | None
) -> bool:
    if size_px is not None:
        x0, y0, x1, y1 = np.median(box_px, axis=0)
        if max(x1 - x0, y1 - y0) > _LARGE * min(size_px):
            return True
    score = np.sort(score)
    return float(score[: (len(score) + 1) // 2].mean()) >= bbox_thr


def in_order(d: Detections, found: list[Chain]) -> list[Chain]:
    """Chains by first appearance, then the larger person first, then from left to right."""

    def rank(chain: Chain) -> tuple[float, ...]:
        return (
            d.row[chain[0]],
            -float(np.median(d.size_px[chain])),
            float(d.box_px[chain[0], 0]),
            *d.point_px[chain[0], 0].tolist(),
        )

    return sorted(found, key=rank)


def select_people(tracks: Sequence[Track2D], person: str | int) -> list[Track2D]:
    """The tracks that are wanted.

    person   "all"; "largest": the greatest box through the clip, frames in which it is not seen
             counting as nothing; "longest": the one seen in most frames, the larger of two; or an
             id, as a number or its digits.
    returns  a list, empty only where `tracks` is.
    Raises UsageError for an id that is not there, naming those that are.
    """
    tracks = list(tracks)
    wanted = str(person).strip().lower()
    if wanted == "all" or (not tracks and wanted in ("largest", "longest")):
        return tracks
    if wanted == "largest":
        return [max(tracks, key=_presence)]
    if wanted == "longest":
        return [max(tracks, key=lambda track: (int((~track.interpolated).sum()), _presence(track)))]
    if not wanted.isdigit():
        raise UsageError(
            f"unknown person '{person}'", "choose one of: all, largest, longest, or an id"
        )
    chosen = [track for track in tracks if track.track_id == int(wanted)]
    if not chosen and tracks:
        ids = ", ".join(str(track.track_id) for track in tracks)
        raise UsageError(f"there is no person {wanted} in this video", f"the ids are: {ids}")
    return chosen


def _presence(track: Track2D) -> float:
    """Median box area times the share of joints seen, over the frames seen, times their number.

    The square root of the number: someone near for half the clip outweighs someone far for all
    of it, and a passer-by who fills the picture for a moment outweighs nobody.
    """
    seen = ~track.interpolated
    width, height = (track.box_px[seen, 2:] - track.box_px[seen, :2]).T
    area = np.nan_to_num(np.median(width * height)) * float(np.nan_to_num(track.score[seen]).mean())
    return float(area * np.sqrt(seen.sum()))
