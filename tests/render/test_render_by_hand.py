"""Where a level camera sees what stands in the world."""

import numpy as np

from hotvid.render.scene import arrange, levelled, to_plot
from hotvid.types import Motion3D, WorldFrame, WorldMotion


def test_a_level_camera_sees_right_down_and_ahead():
    # It is 2 m above the origin and looks along -z, whatever the real one is turned.
    turned = np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1.0]])
    frame = WorldFrame(turned, np.array([0, 2.0, 0]), 500.0, True, 3)
    xyz = np.zeros((1, 17, 3), np.float32) + [1.0, 0.9, -4.0]
    xyz[0, 10] = [1.3, 1.7, -3.8]  # the head: higher, to the right and nearer
    seen = levelled(WorldMotion(xyz.astype(np.float32)), frame)
    np.testing.assert_allclose(seen.root_m[0], [1.0, 1.1, 4.0], atol=1e-6)
    np.testing.assert_allclose(seen.xyz_m[0, 10], [0.3, -0.8, -0.2], atol=1e-6)
    np.testing.assert_allclose(seen.xyz_m[0, 5], 0, atol=1e-6)
    # In the plot: right, away, up.
    np.testing.assert_allclose(to_plot(seen.xyz_m[0, 10]), [0.3, -0.2, 0.8], atol=1e-6)


def walks(x_m, depth_m, n=30):
    """Somebody 1.7 m tall who walks 2 m to the right, so far away."""
    xyz = np.zeros((n, 17, 3), np.float32)
    xyz[:, 10, 1], xyz[:, 3, 1] = -0.8, 0.9
    root = np.stack([x_m + np.linspace(0, 2, n), np.zeros(n), np.full(n, depth_m)], 1)
    return Motion3D(xyz, root.astype(np.float32))


def test_ground_where_nobody_is_goes_before_anyone_is_shrunk():
    near, far = arrange([walks(-1.0, 3.0), walks(-1.0, 40.0)], 30.0).places
    assert np.ptp(near[:, 0]) > 1.8, "who is near walks as far as they do"
    assert 0.5 < far[:, 1].min() - near[:, 1].max() < 4
    scene = arrange([walks(-1.0, 3.0), walks(-1.0, 40.0)], 30.0)
    assert not scene.metric and (scene.high - scene.low < 10).all()
    assert arrange([walks(-1.0, 3.0), walks(-1.0, 5.0)], 30.0).metric
