"""Joint sets, their edges and left/right pairs, and the conversions between them.

This is the only table of joints. A conversion is linear: each target joint is a weighted sum of
source joints, so it commutes with projection and with any change of pixel scale.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import numpy as np

from hotvid.chunks import chunks
from hotvid.errors import UsageError


@dataclass(frozen=True)
class JointSet:
    """Names of joints in order, bones as index pairs (parent, child), left/right pairs."""

    name: str
    joints: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]

    def __len__(self) -> int:
        return len(self.joints)

    def index(self, joint: str) -> int:
        return self.joints.index(joint)

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """(left, right) indices of the joints that change places in a mirror."""
        at = {name: i for i, name in enumerate(self.joints)}
        return tuple(
            (i, at["right_" + name.removeprefix("left_")])
            for name, i in at.items()
            if name.startswith("left_")
        )

    @property
    def mirror(self) -> np.ndarray:
        """(J,) the permutation that exchanges left and right; applied twice, the identity."""
        order = np.arange(len(self.joints))
        for left, right in self.pairs:
            order[left], order[right] = right, left
        return order

    def side(self, joint: int) -> str:
        """'left', 'right' or 'middle'."""
        head = self.joints[joint].split("_", 1)[0]
        return head if head in ("left", "right") else "middle"


def _names(joints: str) -> tuple[str, ...]:
    return tuple(joints.split())


H36M17 = JointSet(
    name="h36m17",
    joints=_names(
        "pelvis right_hip right_knee right_ankle left_hip left_knee left_ankle spine thorax nose "
        "head left_shoulder left_elbow left_wrist right_shoulder right_elbow right_wrist"
    ),
    edges=(
        (0, 1), (1, 2), (2, 3), (0, 4), (4, 5), (5, 6), (0, 7), (7, 8), (8, 9), (9, 10),
        (8, 11), (11, 12), (12, 13), (8, 14), (14, 15), (15, 16),
    ),
)  # fmt: skip

COCO17 = JointSet(
    name="coco17",
    joints=_names(
        "nose left_eye right_eye left_ear right_ear left_shoulder right_shoulder left_elbow "
        "right_elbow left_wrist right_wrist left_hip right_hip left_knee right_knee left_ankle "
        "right_ankle"
    ),
    edges=(
        (15, 13), (13, 11), (16, 14), (14, 12), (11, 12), (5, 11), (6, 12), (5, 6), (5, 7), (7, 9),
        (6, 8), (8, 10), (0, 1), (0, 2), (1, 3), (2, 4),
    ),
)  # fmt: skip

BLAZEPOSE33 = JointSet(
    name="blazepose33",
    joints=_names(
        "nose left_eye_inner left_eye left_eye_outer right_eye_inner right_eye right_eye_outer "
        "left_ear right_ear left_mouth right_mouth left_shoulder right_shoulder left_elbow "
        "right_elbow left_wrist right_wrist left_pinky right_pinky left_index right_index "
        "left_thumb right_thumb left_hip right_hip left_knee right_knee left_ankle right_ankle "
        "left_heel right_heel left_foot_index right_foot_index"
    ),
    edges=(
        (11, 12), (11, 13), (13, 15), (12, 14), (14, 16), (11, 23), (12, 24), (23, 24), (23, 25),
        (25, 27), (24, 26), (26, 28), (27, 29), (29, 31), (31, 27), (28, 30), (30, 32), (32, 28),
        (15, 17), (15, 19), (15, 21), (16, 18), (16, 20), (16, 22), (0, 2), (2, 7), (0, 5), (5, 8),
        (9, 10),
    ),
)  # fmt: skip

# The 68 points of a face (iBUG): jaw, brows, nose, eyes, outer and inner lips. The count runs from
# the person's right to the left; here the same number on both sides is a mirrored pair.
_FACE68 = _names(
    "right_jaw1 right_jaw2 right_jaw3 right_jaw4 right_jaw5 right_jaw6 right_jaw7 right_jaw8 chin "
    "left_jaw8 left_jaw7 left_jaw6 left_jaw5 left_jaw4 left_jaw3 left_jaw2 left_jaw1 "
    "right_brow1 right_brow2 right_brow3 right_brow4 right_brow5 "
    "left_brow5 left_brow4 left_brow3 left_brow2 left_brow1 "
    "nose_bridge1 nose_bridge2 nose_bridge3 nose_bridge4 "
    "right_nostril1 right_nostril2 nose_base left_nostril2 left_nostril1 "
    "right_lid1 right_lid2 right_lid3 right_lid4 right_lid5 right_lid6 "
    "left_lid4 left_lid3 left_lid2 left_lid1 left_lid6 left_lid5 "
    "right_lip1 right_lip2 right_lip3 upper_lip left_lip3 left_lip2 left_lip1 "
    "left_lip5 left_lip4 lower_lip right_lip4 right_lip5 "
    "right_mouth1 right_mouth2 upper_mouth left_mouth2 left_mouth1 "
    "left_mouth3 lower_mouth right_mouth3"
)


def _hand(side: str) -> tuple[str, ...]:
    """The 21 points of a hand, as OpenPose, Halpe and COCO-WholeBody number them."""
    fingers = ("thumb", "forefinger", "middle_finger", "ring_finger", "pinky_finger")
    return (f"{side}_hand_root", *(f"{side}_{f}{n}" for f in fingers for n in (1, 2, 3, 4)))


def _hand_edges(root: int, wrist: int) -> tuple[tuple[int, int], ...]:
    """The bones of a hand whose first point is number `root`, on the body's `wrist`."""
    fingers = (
        (root if n == 0 else root + 4 * finger + n, root + 4 * finger + n + 1)
        for finger in range(5)
        for n in range(4)
    )
    return ((wrist, root), *fingers)


COCO_WHOLEBODY133 = JointSet(
    name="coco_wholebody133",
    joints=(
        *COCO17.joints,
        *_names("left_big_toe left_small_toe left_heel right_big_toe right_small_toe right_heel"),
        *_FACE68,
        *_hand("left"),
        *_hand("right"),
    ),
    edges=(
        *COCO17.edges,
        *((15, 17), (15, 18), (15, 19), (16, 20), (16, 21), (16, 22)),
        *_hand_edges(91, wrist=9),
        *_hand_edges(112, wrist=10),
    ),
)

HALPE26 = JointSet(
    name="halpe26",
    joints=(
        *COCO17.joints,
        *_names("head neck pelvis left_big_toe right_big_toe left_small_toe right_small_toe"),
        *_names("left_heel right_heel"),
    ),
    edges=(
        (15, 13), (13, 11), (11, 19), (16, 14), (14, 12), (12, 19), (19, 18), (18, 5), (18, 6),
        (5, 7), (7, 9), (6, 8), (8, 10), (18, 0), (0, 17), (0, 1), (0, 2), (1, 3), (2, 4),
        (15, 20), (15, 22), (15, 24), (16, 21), (16, 23), (16, 25),
    ),
)  # fmt: skip

HALPE136 = JointSet(
    name="halpe136",
    joints=(*HALPE26.joints, *_FACE68, *_hand("left"), *_hand("right")),
    edges=(*HALPE26.edges, *_hand_edges(94, wrist=9), *_hand_edges(115, wrist=10)),
)

OPENPOSE25 = JointSet(
    name="openpose25",
    joints=_names(
        "nose neck right_shoulder right_elbow right_wrist left_shoulder left_elbow left_wrist "
        "pelvis right_hip right_knee right_ankle left_hip left_knee left_ankle right_eye left_eye "
        "right_ear left_ear left_big_toe left_small_toe left_heel right_big_toe right_small_toe "
        "right_heel"
    ),
    edges=(
        (8, 1), (1, 2), (2, 3), (3, 4), (1, 5), (5, 6), (6, 7), (8, 9), (9, 10), (10, 11), (8, 12),
        (12, 13), (13, 14), (1, 0), (0, 15), (15, 17), (0, 16), (16, 18), (14, 19), (19, 20),
        (14, 21), (11, 22), (22, 23), (11, 24),
    ),
)  # fmt: skip

OPENPOSE67 = JointSet(
    name="openpose67",
    joints=(*OPENPOSE25.joints, *_hand("left"), *_hand("right")),
    edges=(*OPENPOSE25.edges, *_hand_edges(25, wrist=7), *_hand_edges(46, wrist=4)),
)

JOINT_SETS = {
    s.name: s
    for s in (
        H36M17,
        COCO17,
        BLAZEPOSE33,
        HALPE26,
        HALPE136,
        COCO_WHOLEBODY133,
        OPENPOSE25,
        OPENPOSE67,
    )
}

# What so many keypoints of a whole body are, where nothing else tells.
BY_COUNT = {
    len(s): s.name
    for s in (COCO17, OPENPOSE25, HALPE26, BLAZEPOSE33, OPENPOSE67, COCO_WHOLEBODY133, HALPE136)
}

# The joints of feet and hands, which no lifter takes and every export may want.
_OF_FEET = r"heel|(big_|small_)toe|foot_index"
_OF_HANDS = (
    r"hand_root|index|thumb|pinky|(thumb|forefinger|middle_finger|ring_finger|pinky_finger)[1-4]"
)

# Before the name of the 2D model's joint set, in the name of a skeleton with its feet and hands.
_SKELETON_WITH = f"{H36M17.name}+"

# The torso is shared by every set that names hips and shoulders; spine is half-way, as in
# Human3.6M. The head's top, which few 2D sets have, is carried up from the ears along a
# direction of the face: in the mean face the crown is 2 eye-to-mouth heights above the ears.
_LIMBS = {
    name: {name: 1.0}
    for name in H36M17.joints
    if name not in ("pelvis", "spine", "thorax", "nose", "head")
}
_TORSO = {
    "pelvis": {"left_hip": 0.5, "right_hip": 0.5},
    "spine": {"left_hip": 0.25, "right_hip": 0.25, "left_shoulder": 0.25, "right_shoulder": 0.25},
    "thorax": {"left_shoulder": 0.5, "right_shoulder": 0.5},
    "nose": {"nose": 1.0},
}
# Where neck and pelvis are points of their own (Halpe's is what MotionBERT in the wild takes).
_OWN_TORSO = {
    "pelvis": {"pelvis": 1.0},
    "spine": {"pelvis": 0.5, "neck": 0.5},
    "thorax": {"neck": 1.0},
    "nose": {"nose": 1.0},
}
_FROM_FACE = {
    "left_ear": 0.5,
    "right_ear": 0.5,
    "left_eye": 1.0,
    "right_eye": 1.0,
    "left_mouth": -1.0,
    "right_mouth": -1.0,
}
# No mouth here: the ears' height over the shoulders is half as long again at the crown.
_FROM_EARS = {"left_ear": 0.75, "right_ear": 0.75, "left_shoulder": -0.25, "right_shoulder": -0.25}
_TO_H36M17: dict[str, dict[str, dict[str, float]]] = {
    "h36m17": {name: {name: 1.0} for name in H36M17.joints},
    "blazepose33": _LIMBS | _TORSO | {"head": _FROM_FACE},
    "coco17": _LIMBS | _TORSO | {"head": _FROM_EARS},
    "coco_wholebody133": _LIMBS | _TORSO | {"head": _FROM_EARS},
    "halpe26": _LIMBS | _OWN_TORSO | {"head": {"head": 1.0}},
    "halpe136": _LIMBS | _OWN_TORSO | {"head": {"head": 1.0}},
    "openpose25": _LIMBS | _OWN_TORSO | {"head": _FROM_EARS},
    "openpose67": _LIMBS | _OWN_TORSO | {"head": _FROM_EARS},
}

# What stands for a joint that is missing, in this order.
_STAND_INS = (
    ("left_ear", ("right_ear",)),
    ("right_ear", ("left_ear",)),
    ("pelvis", ("left_hip", "right_hip")),
    ("neck", ("left_shoulder", "right_shoulder")),
    ("thorax", ("left_shoulder", "right_shoulder")),
    ("spine", ("pelvis", "thorax")),
)

# What stands for a joint where a set has none of that name: the first recipe that it can fill.
_INSTEAD: dict[str, tuple[dict[str, float], ...]] = {
    "neck": ({"thorax": 1.0}, {"left_shoulder": 0.5, "right_shoulder": 0.5}),
    "pelvis": ({"left_hip": 0.5, "right_hip": 0.5},),
    "left_big_toe": ({"left_foot_index": 1.0},),
    "right_big_toe": ({"right_foot_index": 1.0},),
}


@cache
def h36m17_matrix(joint_set: str) -> np.ndarray:
    """(17, K) float32 weights that take `joint_set` to H36M-17; each row sums to 1."""
    if joint_set.startswith(_SKELETON_WITH):
        source, recipes = joint_set_named(joint_set), _TO_H36M17[H36M17.name]
    elif joint_set in _TO_H36M17:
        source, recipes = JOINT_SETS[joint_set], _TO_H36M17[joint_set]
    else:
        raise UsageError(
            f"no conversion from joint set '{joint_set}' to h36m17",
            f"choose one of: {', '.join(sorted(_TO_H36M17))}",
        )
    matrix = np.zeros((len(H36M17), len(source)), np.float32)
    for row, name in enumerate(H36M17.joints):
        for joint, weight in recipes[name].items():
            matrix[row, source.index(joint)] = weight
    matrix.setflags(write=False)
    return matrix


def joint_set_by_count(n_keypoints: int) -> str:
    """The joint set of a model of people with so many keypoints; ValueError where none is known."""
    if n_keypoints not in BY_COUNT:
        known = ", ".join(f"{n} ({name})" for n, name in BY_COUNT.items())
        raise ValueError(
            f"nothing is known of a body of {n_keypoints} keypoints; known are {known}"
        )
    return BY_COUNT[n_keypoints]


@cache
def feet_and_hands(joint_set: str) -> tuple[int, ...]:
    """The joints of feet and hands in `joint_set` beyond ankles and wrists: none for some sets."""
    return _sided(joint_set, f"{_OF_FEET}|{_OF_HANDS}")


@cache
def feet(joint_set: str) -> tuple[tuple[int, int], ...]:
    """Heels and toes of `joint_set`, each as its index there behind the skeleton's ankle."""
    joints = joint_set_named(joint_set).joints
    return tuple(
        (H36M17.index(f"{joints[i].partition('_')[0]}_ankle"), i)
        for i in _sided(joint_set, _OF_FEET)
    )


@cache
def joint_set_named(name: str) -> JointSet:
    """A joint set of `JOINT_SETS`, or a skeleton with feet and hands; KeyError for others."""
    _, plus, source = name.partition(_SKELETON_WITH)
    return _skeleton_with_feet_and_hands(JOINT_SETS[source]) if plus else JOINT_SETS[name]


def with_feet_and_hands(source: str) -> JointSet:
    """The skeleton's joints and after them the feet and hands of `source`, by their names there.

    That is what files hold which hold no more of what the 2D model has found.
    """
    return joint_set_named(_SKELETON_WITH + source)


def own_set(joint_set: str) -> str:
    """The name of the 2D model's joint set of which a skeleton with feet and hands has these."""
    return joint_set.removeprefix(_SKELETON_WITH)


def _skeleton_with_feet_and_hands(source: JointSet) -> JointSet:
    extremities = {source.joints[i] for i in feet_and_hands(source.name)}
    joints = (*H36M17.joints, *(name for name in source.joints if name in extremities))
    named = [(source.joints[a], source.joints[b]) for a, b in source.edges]
    edges = [
        (joints.index(a), joints.index(b))
        for a, b in named
        if {a, b} & extremities and {a, b} <= {*joints}
    ]
    return JointSet(_SKELETON_WITH + source.name, joints, (*H36M17.edges, *edges))


def legs_and_arms(joint_set: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The joints of both legs, and of both arms, in `joint_set`, feet and hands among them."""
    return (
        _sided(joint_set, f"hip|knee|ankle|{_OF_FEET}"),
        _sided(joint_set, f"shoulder|elbow|wrist|{_OF_HANDS}"),
    )


def _sided(joint_set: str, pattern: str) -> tuple[int, ...]:
    """The joints whose names are a side and what the pattern stands for."""
    names = re.compile(f"(left|right)_({pattern})")
    return tuple(i for i, n in enumerate(joint_set_named(joint_set).joints) if names.fullmatch(n))


def to_h36m17(xy: np.ndarray, score: np.ndarray, joint_set: str) -> tuple[np.ndarray, np.ndarray]:
    """Keypoints of a 2D model as H36M-17.

    xy       (..., K, C): pixels, or 3D points; the conversion is linear.
    score    (..., K), 0..1.
    returns  (..., 17, C) and (..., 17); a joint made of several is as sure as the least sure
             of them, and NaN where one of them is NaN. But where the source lacks a point in the
             middle of others, they stand for it: the hips for the pelvis, the shoulders for the
             neck; and an ear for the other, as in a profile, where both are in one place and
             many models report one.
    """
    out = np.empty((*score.shape[:-1], len(H36M17), xy.shape[-1]), xy.dtype)
    out_score = np.empty(out.shape[:-1], score.dtype)
    rows = [...] if score.ndim == 1 else chunks(len(score))
    for part in rows:
        found = _with_stand_ins(xy[part], score[part], joint_set)
        out[part], out_score[part] = _combined(h36m17_matrix(joint_set), *found)
    return out, out_score


def by_name(
    xy: np.ndarray, score: np.ndarray, source: JointSet, target: JointSet
) -> tuple[np.ndarray, np.ndarray]:
    """Keypoints of `source` in the order of `target`, as other programs' formats want them.

    xy       (..., K, C): pixels, or 3D points.
    score    (..., K), 0..1.
    returns  (..., K', C) and (..., K'). A joint that `source` lacks is NaN with score 0, but for
             a few that are made of others: neck, pelvis, big toes.
    """
    return _combined(_by_name_matrix(source, target), xy, score)


@cache
def _by_name_matrix(source: JointSet, target: JointSet) -> np.ndarray:
    matrix = np.zeros((len(target), len(source)), np.float32)
    for row, name in enumerate(target.joints):
        for recipe in ({name: 1.0}, *_INSTEAD.get(name, ())):
            if all(joint in source.joints for joint in recipe):
                for joint, weight in recipe.items():
                    matrix[row, source.index(joint)] = weight
                break
    matrix.setflags(write=False)
    return matrix


def _combined(
    matrix: np.ndarray, xy: np.ndarray, score: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Joints as weighted sums of others, NaN with score 0 where one of these is or none is."""
    used = matrix != 0
    out = np.einsum("jk,...kc->...jc", matrix, np.nan_to_num(xy)).astype(xy.dtype)
    missing = ~np.isfinite(xy).all(-1)
    lost = (missing[..., None, :] & used).any(-1) | ~used.any(-1)
    out[lost] = np.nan
    spread = np.where(used, score[..., None, :], np.inf)
    out_score = spread.min(-1).astype(score.dtype)
    out_score[lost] = 0
    return out, out_score


def _with_stand_ins(
    xy: np.ndarray, score: np.ndarray, joint_set: str
) -> tuple[np.ndarray, np.ndarray]:
    lost = ~np.isfinite(xy).all(-1)
    if not lost.any():
        return xy, score
    joints = joint_set_named(joint_set).joints
    xy, score = np.where(lost[..., None], np.nan, xy), score.copy()
    for name, others in _STAND_INS:
        if name not in joints or not lost[..., joints.index(name)].any():
            continue
        at, of = joints.index(name), [joints.index(other) for other in others]
        here = lost[..., at] & np.isfinite(xy[..., of, :]).all((-1, -2))
        xy[..., at, :] = np.where(here[..., None], xy[..., of, :].mean(-2), xy[..., at, :])
        score[..., at] = np.where(here, score[..., of].min(-1), score[..., at])
    return xy, score
