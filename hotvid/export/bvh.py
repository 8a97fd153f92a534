"""BVH: one person's motion as a skeleton that turns, as Blender and game engines import it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hotvid.config import ExportConfig
from hotvid.export.even_rate import even_frames
from hotvid.humanoid import BONES, NAMINGS, tips
from hotvid.rotations import continuous_zxy_degrees, to_matrix
from hotvid.types import BoneMotion, Poses

_PER_M = {"m": 1.0, "cm": 100.0}


def write(poses: Poses, path: Path, config: ExportConfig) -> None:
    """Write the only person of `poses`: y up, the rest pose a T that faces +z.

    Frames are those of the person's track at an even rate. Angles are in degrees, in the order
    z, x, y, and go on beyond half a turn instead of jumping.
    """
    (person,) = poses.people
    index = person.keypoints.frame_index
    frames = even_frames(poses.pts_s[index - poses.first_frame], poses.video.fps)
    motion, per_m = person.bones, _PER_M[config.units]
    turns = frames.take(motion.rotation)
    turns = turns / np.linalg.norm(turns, axis=-1, keepdims=True)
    place = frames.take(motion.root_m) * per_m
    angles = continuous_zxy_degrees(to_matrix(turns))
    rows = np.concatenate([place, angles.reshape(len(angles), -1)], 1)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write("\n".join(_hierarchy(motion, NAMINGS[config.bone_names], per_m)))
        file.write(f"\nMOTION\nFrames: {len(rows)}\nFrame Time: {1 / frames.rate_hz:.9f}\n")
        np.savetxt(file, rows, fmt="%.6f")


def _hierarchy(motion: BoneMotion, names: tuple[str, ...], per_m: float) -> Iterator[str]:
    ends = tips(motion)

    def offset(place_m: np.ndarray) -> str:
        return "OFFSET " + " ".join(f"{v * per_m + 0.0:.6f}" for v in place_m)

    def lines(index: int, indent: str) -> Iterator[str]:
        root = BONES[index].parent < 0
        yield f"{indent}{'ROOT' if root else 'JOINT'} {names[index]}"
        yield indent + "{"
        inner = indent + "\t"
        # The root's place is in the frames; with an offset as well, some would add the two.
        yield inner + offset(np.zeros(3) if root else motion.offset_m[index])
        place = "6 Xposition Yposition Zposition" if root else "3"
        yield f"{inner}CHANNELS {place} Zrotation Xrotation Yrotation"
        for child, each in enumerate(BONES):
            if each.parent == index:
                yield from lines(child, inner)
        if index in ends:
            yield from (inner + "End Site", inner + "{", f"{inner}\t{offset(ends[index])}")
            yield inner + "}"
        yield indent + "}"

    yield "HIERARCHY"
    yield from lines(0, "")
