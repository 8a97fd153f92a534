"""The joint angles that are exported: their names, what they mean, and where in a table they go."""

from __future__ import annotations

from dataclasses import dataclass

from hotvid.skeleton import H36M17

CONVENTION = (
    "degrees, ISB (Wu et al. 2002, 2005): hips and knees as joint coordinate systems, shoulders as "
    "plane of elevation and elevation, the trunk from the pelvis, the pelvis in the world; a limb "
    "straight and hanging is 0; estimated"
)


@dataclass(frozen=True)
class Angle:
    """joint: the row of the skeleton's joint to which it belongs; kind: the column of a table."""

    name: str
    joint: str
    kind: str
    meaning: str


_BOTH = (
    ("hip_flexion", "hip", "flexion", "the thigh ahead of the pelvis"),
    ("hip_adduction", "hip", "side", "the thigh towards the other one"),
    ("knee_flexion", "knee", "flexion", "bent; 0 straight"),
    ("shoulder_elevation", "shoulder", "elevation", "the upper arm from hanging, 0, to above, 180"),
    ("shoulder_plane", "shoulder", "plane", "where it is raised: 0 to the side, 90 ahead"),
    ("elbow_flexion", "elbow", "flexion", "bent; 0 straight"),
)
_MIDDLE = (
    Angle("trunk_flexion", "spine", "flexion", "the chest bent ahead, from the pelvis"),
    Angle("trunk_side_bend", "spine", "side", "the chest bent to the right"),
    Angle("trunk_rotation", "spine", "rotation", "the chest turned to the left"),
    Angle("trunk_inclination", "thorax", "elevation", "the trunk's line from the vertical"),
    Angle("neck_flexion", "nose", "flexion", "the head ahead of the chest's line"),
    Angle("pelvis_tilt", "pelvis", "flexion", "the lower trunk's line tilted ahead, in the world"),
    Angle("pelvis_list", "pelvis", "side", "its right side raised"),
    Angle("pelvis_heading", "pelvis", "rotation", "turned to the left; 0 faces the camera's side"),
)
TABLE = (
    *(
        Angle(f"{side}_{name}", f"{side}_{joint}", kind, meaning)
        for side in ("right", "left")
        for name, joint, kind, meaning in _BOTH
    ),
    *_MIDDLE,
)
ANGLES = tuple(angle.name for angle in TABLE)
KINDS = {
    "flexion": "degrees: the joint bent ahead or closed; of the spine's row the trunk, of the "
    "nose's the neck, of the pelvis's its tilt",
    "side": "degrees: hips adduction, spine bend to the right, pelvis right side raised",
    "rotation": "degrees: spine the chest turned to the left, pelvis its heading",
    "elevation": "degrees: shoulders elevation, thorax the trunk's inclination",
    "plane": "degrees: shoulders the plane of elevation, 0 to the side, 90 ahead",
}
# For each angle the row of its joint.
JOINT_ROWS = tuple(H36M17.index(angle.joint) for angle in TABLE)
