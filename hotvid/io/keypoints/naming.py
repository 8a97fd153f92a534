"""Joints by the names that people give them: which joint set they are, and in what order."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hotvid.errors import InputError
from hotvid.skeleton import H36M17, JOINT_SETS

_SIDES = {"l": "left", "lt": "left", "left": "left", "r": "right", "rt": "right", "right": "right"}
_SAME = {
    "mid_hip": "pelvis",
    "midhip": "pelvis",
    "hip_center": "pelvis",
    "hips": "pelvis",
    "root": "pelvis",
    "bigtoe": "big_toe",
    "smalltoe": "small_toe",
    "head_top": "head",
    "headtop": "head",
    "top_head": "head",
    "neck_base": "neck",
}
_NEEDED = tuple(f"{side}_{joint}" for side in ("left", "right") for joint in ("hip", "shoulder"))


def plain_name(name: str) -> str:
    """A joint's name as the joint table spells it, as left_shoulder for LShoulder, shoulder-l."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name.strip())
    words = [w for w in re.split(r"[^a-z0-9]+", spaced.lower()) if w]
    sides = [w for w in words if w in _SIDES]
    if len(sides) == 1 and len(words) > 1:
        words.remove(sides[0])
        return f"{_SIDES[sides[0]]}_{_same('_'.join(words))}"
    return _same("_".join(words))


def _same(joint: str) -> str:
    return _SAME.get(joint, joint)


def match_joints(
    names: Sequence[str], joint_set: str | None = None
) -> tuple[str, list[int | None]]:
    """The joint set that has most of `names`, and where in it each of them is.

    joint_set  the set to take, where the user says which.
    returns    the set's name, and for each name its index there, None where the set has no such.
    raises     InputError where hips or shoulders are not among them: nothing can be lifted then.
    """
    plain = [plain_name(name) for name in names]
    candidates = [JOINT_SETS[joint_set]] if joint_set else list(JOINT_SETS.values())
    # Of sets that fit as well, the smallest; any other knows more of a body than Human3.6M's.
    best = max(
        candidates,
        key=lambda s: (sum(n in s.joints for n in plain), s is not H36M17, -len(s)),
    )
    lacking = [joint for joint in _NEEDED if joint not in plain]
    if lacking:
        raise InputError(
            f"among its joints ({', '.join(names)}) there is no {', '.join(lacking)}",
            f"name them as {best.name} does: {', '.join(best.joints[:40])}",
        )
    return best.name, [best.index(n) if n in best.joints else None for n in plain]
