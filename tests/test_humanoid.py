import numpy as np
from moving_body import places, still_body

from hotvid.humanoid import BONE_NAMES, BONES, JOINT_BONES, NAMINGS, bone
from hotvid.skeleton import H36M17


def test_bones_are_a_tree_in_order():
    assert BONES[0].parent == -1 and BONES[0].name == "Hips"
    assert all(0 <= each.parent < i for i, each in enumerate(BONES) if i)
    assert len(set(BONE_NAMES)) == len(BONES) == 22


def test_names_of_others_are_all_there_and_differ():
    for names in NAMINGS.values():
        assert len(set(names)) == len(BONES)
    mixamo, unreal = NAMINGS["mixamo"], NAMINGS["unreal"]
    assert mixamo[bone("LeftLowerLeg")] == "mixamorig:LeftLeg"
    assert mixamo[bone("UpperChest")] == "mixamorig:Spine2"
    assert mixamo[bone("RightHand")] == "mixamorig:RightHand"
    assert unreal[bone("RightUpperArm")] == "upperarm_r" and unreal[0] == "pelvis"


def test_joints_are_carried_by_the_bones_of_their_side():
    for joint, carrier in zip(H36M17.joints, JOINT_BONES, strict=True):
        side, _, _ = joint.rpartition("_")
        assert BONE_NAMES[carrier].startswith(side.capitalize())
    assert BONE_NAMES[JOINT_BONES[H36M17.index("left_knee")]] == "LeftLowerLeg"


def test_the_rest_pose_is_a_t():
    (xyz,) = places(still_body())
    at = dict(zip(H36M17.joints, xyz, strict=True))
    assert at["left_wrist"][0] > at["left_elbow"][0] > at["left_shoulder"][0] > 0
    assert at["right_wrist"][0] < -0.5
    np.testing.assert_allclose(at["left_wrist"][1], at["left_shoulder"][1])
    np.testing.assert_allclose(at["left_ankle"], [0.1, 1 - 0.83, 0])
    assert at["nose"][2] > 0.1 and at["head"][1] > at["thorax"][1] > at["spine"][1] > 1
