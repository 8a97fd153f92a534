import numpy as np
import pytest

from hotvid.errors import InputError
from hotvid.train.bvh import read_bvh

TWO_BONES = """HIERARCHY
ROOT hip
{{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Yrotation Xrotation
  JOINT arm
  {{
    OFFSET 2 0 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    JOINT hand
    {{
      OFFSET 1 0 0
      CHANNELS 3 Zrotation Xrotation Yrotation
      End Site
      {{
        OFFSET 9 9 9
      }}
    }}
  }}
}}
MOTION
Frames: {frames}
Frame Time: 0.0083333
{rows}
"""


def _write(tmp_path, *rows):
    path = tmp_path / "motion.bvh"
    path.write_text(TWO_BONES.format(frames=len(rows), rows="\n".join(rows)))
    return path


def test_rest_pose_adds_offsets_to_the_root(tmp_path):
    motion = read_bvh(_write(tmp_path, "1 2 3 0 0 0 0 0 0 0 0 0"))
    assert motion.names == ("hip", "arm", "hand")
    np.testing.assert_allclose(motion.xyz[0], [[1, 2, 3], [3, 2, 3], [4, 2, 3]], atol=1e-6)
    assert motion.frame_time_s == pytest.approx(1 / 120, rel=1e-4)


def test_quarter_turns_add_up_along_the_chain(tmp_path):
    # The root turns the whole by 90 degrees about z (x becomes y), the arm by another 90.
    motion = read_bvh(_write(tmp_path, "0 0 0 90 0 0 90 0 0 0 0 0"))
    np.testing.assert_allclose(motion.xyz[0], [[0, 0, 0], [0, 2, 0], [-1, 2, 0]], atol=1e-6)


def test_channels_apply_in_the_order_they_are_named(tmp_path):
    # Z then Y: y' = Rz Ry (2, 0, 0) with both 90 degrees sends x to -z, which z leaves alone.
    motion = read_bvh(_write(tmp_path, "0 0 0 90 90 0 0 0 0 0 0 0"))
    np.testing.assert_allclose(motion.xyz[0, 1], [0, 0, -2], atol=1e-6)


def test_rows_that_do_not_fit_are_refused(tmp_path):
    with pytest.raises(InputError, match="12 channels"):
        read_bvh(_write(tmp_path, "0 0 0"))


WHOLE = TWO_BONES.format(frames=1, rows="1 2 3 0 0 0 0 0 0 0 0 0")
CUT_SHORT = WHOLE[: WHOLE.index("CHANNELS 3") + 30] + " MOTION"


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        (WHOLE, CUT_SHORT, "the hierarchy ends where a channel should be"),
        ("OFFSET 1 0 0", "OFFSET 1 0", "'CHANNELS' is no number, where an offset should be"),
        ("OFFSET 1 0 0", "OFFSET 1 nan 0", "'nan' is no number, where an offset should be"),
        ("CHANNELS 6", "CHANNELS six", "'six' is no number of channels, from 0 to 6"),
        ("CHANNELS 6", "CHANNELS 1000000000", "no number of channels, from 0 to 6"),
        ("Xposition", "Wposition", "'Wposition' is no channel; they are Xposition, "),
        ("End Site\n      {", "End Site\n      { CHANNELS 0", "channels outside of any joint"),
        ("End Site\n      {", "End Site\n      { JOINT a", "joint a is in an end site"),
        ("ROOT hip", "} ROOT hip", "closed that was never opened"),
        ("}\nMOTION", "MOTION", "ends within 1 open braces"),
        ("Frame Time: 0.0083333", "", "no 'Frame Time:'"),
        ("0.0083333", "soon", "'soon' is no number, where the frame time should be"),
        ("0.0083333", "0", r"the frame time is 0; expected seconds, 0\.0001 to 1"),
        ("0.0083333", "8.3333", "the frame time is 8.3333; expected seconds"),
        ("1 2 3 0", "1 2 three 0", "'three' is no number, where one of the motion should be"),
        ("1 2 3 0", "1 2 inf 0", "'inf' is no number, where one of the motion should be"),
        ("1 2 3 0", "1 2 1e300 0", "beyond all measure"),
        ("1 2 3 0", "", "8 numbers do not make rows of 12 channels"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path, was, becomes, said):
    assert was in WHOLE
    path = tmp_path / "motion.bvh"
    path.write_text(WHOLE.replace(was, becomes, 1))
    with pytest.raises(InputError, match=said):
        read_bvh(path)


def test_a_text_file_is_refused(tmp_path):
    path = tmp_path / "motion.bvh"
    path.write_text("nothing of the kind")
    with pytest.raises(InputError, match="expected a BVH file"):
        read_bvh(path)
