"""The page's own script, run by Node with a stand-in for the browser's page and its WebGL."""

import base64
import json
import shutil
import subprocess
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest
from stick_people import two_people

from hotvid.joint_angles import ANGLES
from hotvid.pipeline import settle
from hotvid.report.content import content
from hotvid.report.report import SCRIPTS
from hotvid.skeleton import H36M17

NODE = shutil.which("node")
WEB = resources.files("hotvid.report") / "web"

pytestmark = pytest.mark.skipif(NODE is None, reason="needs Node")

# Whatever is asked of it is such a thing again; elements keep what they are given.
_BROWSER = """
const anything = (known = {}) => new Proxy(function () {}, {
  get: (_, key) => {
    if (key === Symbol.toPrimitive) return () => "";
    return key in known ? known[key] : (known[key] = anything());
  },
  set: (_, key, value) => { known[key] = value; return true; },
  apply: () => anything(),
  construct: () => anything(),
});
const elements = {
  data: anything({ textContent: JSON.stringify(TOLD) }),
  mp4: anything({ textContent: "" }),
  reset: anything({ addEventListener: (_, listener) => { clicked = listener; } }),
};
const document = anything({
  getElementById: (id) => elements[id] ??= anything(),
  body: anything({ dataset: {} }),
});
const getComputedStyle = () => ({ getPropertyValue: () => "#888888" });
const [matchMedia, ResizeObserver] = [anything(), anything()];
const requestAnimationFrame = () => {};
const heard = {};
const addEventListener = (name, listener) => { heard[name] = listener; };
const shown = {};
class Renderer { render(scene, camera) { Object.assign(shown, { scene, camera }); } }
class Controls {
  constructor() { this.target = shown.target = new vendor.Vector3(); }
  update() {}
  addEventListener() {}
}
const drawn = [], looks = [], legends = [];  // what each plot is given, and told later
class Plot {
  constructor(how, data) {
    drawn.push(data);
    looks.push(how);
    this.over = anything();
    this.cursor = { left: pointedAt };
  }
  valToPos(value) { return value; }
  setSize() {}
  setLegend({ idx }) { legends.push(idx); }
}
let pointedAt = -10;  // the mouse is elsewhere
let clicked = null;  // what the button calls that shows everyone
"""
_VENDOR = """
vendor = { ...vendor, WebGLRenderer: Renderer, OrbitControls: Controls, uPlot: Plot };
"""


def run(driver, told):
    """What `driver` says, as JSON, after the page's script has begun with what it is told."""
    libraries = (WEB / "vendor.min.js").read_text("utf-8")
    page = "".join((WEB / name).read_text("utf-8") for name in SCRIPTS)
    begin = f'"use strict"; const TOLD = {json.dumps(told)};'
    script = "\n".join((begin, _BROWSER, libraries, _VENDOR, page, driver))
    done = subprocess.run([NODE, "-"], input=script.encode(), capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def poses():
    """Person 0 near by, 3 far off; of whom a wrist is unknown in one frame, and all in another."""
    poses = settle(two_people())
    near, far = poses.people
    xyz_m = far.world.xyz_m + np.float32([0, 0, -40])
    xyz_m[3] = np.nan
    return replace(poses, people=(near, replace(far, world=replace(far.world, xyz_m=xyz_m))))


def test_everyone_is_shown_where_the_poses_have_them(poses):
    driver = """
    const moments = Array.from(times, (moment) => {
      seek(moment);
      const bodies = shown.scene.children.filter((one) => one.isGroup);
      return bodies.map((body) => body.visible && body.children.slice(clip.edges.length, -2).map(
        (ball) => ball.visible ? ball.position.toArray() : null));
    });
    const grid = shown.scene.children.find((one) => one.type === "GridHelper");
    console.log(JSON.stringify({ moments, grid: grid.position.toArray() }));
    """
    found = run(driver, content(poses) | {"missing": ""})
    for number, person in enumerate(poses.people):
        bodies = [moment[number] for moment in found["moments"]]
        there = person.keypoints.frame_index - poses.first_frame
        assert [i for i, body in enumerate(bodies) if body] == there.tolist()
        balls = [[place or [np.nan] * 3 for place in bodies[i]] for i in there]
        np.testing.assert_allclose(np.array(balls), person.world.xyz_m, atol=1e-5)
    assert bodies[4][H36M17.index("right_wrist")] is None and bodies[6] == [None] * 17
    assert np.nanmin(balls) < -40, "far off, and not at the end of what a small number holds"
    ways = np.concatenate([p.world.xyz_m[:, 0, 2] for p in poses.people])
    assert found["grid"][2] == pytest.approx((np.nanmin(ways) + np.nanmax(ways)) / 2, abs=0.51)


def test_joints_less_sure_are_nearer_to_what_is_behind_them(poses, monkeypatch):
    near = poses.people[0]
    opacities = np.ones((len(near.keypoints), 17), np.float32)
    wrist, ankle = map(H36M17.index, ("right_wrist", "left_ankle"))
    opacities[2, wrist], opacities[2, ankle], opacities[3] = 0.5, 0.3, 0.6
    monkeypatch.setattr("hotvid.report.content.opacity_3d", lambda *_: opacities)
    told = content(replace(poses, people=(near,))) | {"missing": ""}
    driver = """
    const parts = (frame) => {
      seek(times[frame]);
      const meshes = shown.scene.children.find((one) => one.isGroup).children.slice(0, -2);
      return meshes.map((mesh) => mesh.material.color.toArray());
    };
    const rgb = (hue) => new vendor.MeshBasicMaterial({ color: hue }).color.toArray();
    console.log(JSON.stringify({ frames: [1, 2, 3].map(parts), panel: rgb(clip.ground.panel),
      hues: Object.fromEntries(["left", "middle", "right"].map(
        (side, i) => [side, rgb(clip.people[0].colours[i])])) }));
    """
    found = run(driver, told)
    panel = np.array(found["panel"])

    def opacity(frame, sides):
        parts = found["frames"][frame]
        parts = parts[: len(H36M17.edges)] if sides == "sides" else parts[len(H36M17.edges) :]
        hues = [found["hues"][side] for side in told[sides]]
        return [
            np.linalg.norm(c - panel) / np.linalg.norm(h - panel)
            for c, h in zip(parts, hues, strict=True)
        ]

    whole = opacity(0, "jointSides")
    assert whole == pytest.approx([1.0] * 17, abs=0.01)
    unsure = [1.0] * 17
    unsure[wrist], unsure[ankle] = 0.5, 0.3
    assert opacity(1, "jointSides") == pytest.approx(unsure, abs=0.01)
    bones = [min(unsure[a], unsure[b]) for a, b in H36M17.edges]
    assert opacity(1, "sides") == pytest.approx(bones, abs=0.01)
    assert opacity(2, "jointSides") == pytest.approx([0.6] * 17, abs=0.01)


def test_shadows_lie_on_the_floor_below_the_bones(poses):
    driver = """
    seek(times[4]);
    shown.scene.updateMatrixWorld();
    const { children } = shown.scene.children.find((one) => one.isGroup);
    const middle = (mesh) => new vendor.Vector3().setFromMatrixPosition(mesh.matrixWorld).toArray();
    console.log(JSON.stringify({ bones: children.slice(0, clip.edges.length).map(middle),
      shadows: children.at(-1).children.map(middle) }));
    """
    found = run(driver, content(poses) | {"missing": ""})
    bones, shadows = np.array(found["bones"]), np.array(found["shadows"])
    np.testing.assert_allclose(shadows[:, [0, 2]], bones[:, [0, 2]], atol=1e-6)
    assert np.abs(shadows[:, 1]).max() < 0.01 < bones[:, 1].max()


def test_who_has_no_3d_and_nobody_at_all_are_told_apart(poses):
    driver = """
    console.log(JSON.stringify([elements.empty.hidden, elements.empty.textContent,
      elements.plots.hidden]));
    """
    flat = tuple(replace(p, motion=None, world=None, angles=None) for p in poses.people)
    for people, said in ((flat, "no 3D"), ((), "nobody found")):
        told = content(replace(poses, people=people)) | {"missing": ""}
        assert run(driver, told) == [False, said, True]
    assert run(driver, content(poses) | {"missing": ""})[0] is True


def test_one_picture_has_no_time(poses):
    driver = """
    console.log(JSON.stringify([elements.transport.hidden, elements.about.textContent]));
    """
    hidden, about = run(driver, content(poses) | {"missing": ""})
    assert not hidden and "frames/s" in about
    one = content(replace(poses, people=())) | {"missing": ""}
    one["times"] = base64.b64encode(np.zeros(1, "<f4").tobytes()).decode()
    hidden, about = run(driver, one)
    assert hidden and "frames/s" not in about


@pytest.mark.parametrize("aspect", [0.6, 1.3, 2.2])
@pytest.mark.parametrize("walk", [(-3, -13), (-2, -6), (-4, -4)])
def test_everyone_is_in_the_picture_from_the_first(poses, aspect, walk):
    (person, *_) = poses.people
    xyz_m = person.world.xyz_m.copy()
    xyz_m[..., 2] += np.linspace(*walk, len(xyz_m))[:, None] - xyz_m[:, :1, 2]
    one = replace(poses, people=(replace(person, world=replace(person.world, xyz_m=xyz_m)),))
    driver = f"""
    const camera = shown.camera, spots = [];
    camera.aspect = {aspect};
    camera.updateProjectionMatrix();
    clicked();
    camera.lookAt(shown.target);
    camera.updateMatrixWorld();
    for (const p of people)
      for (let i = 0; i < p.xyz.length; i += 3) {{
        const spot = new vendor.Vector3().fromArray(p.xyz, i).project(camera);
        spots.push([spot.x, spot.y, spot.z]);
      }}
    console.log(JSON.stringify(spots));
    """
    spots = np.array(run(driver, content(one) | {"missing": ""}))
    assert np.isfinite(spots).all() and (np.abs(spots) < 1).all()
    assert max(np.ptp(spots[:, 0]), np.ptp(spots[:, 1])) > 0.5, "and not far away"


def test_clock_and_plots_have_the_videos_own_time(poses):
    driver = """
    seek(times[4]);
    console.log(JSON.stringify({ clock: elements.clock.textContent, scrub: elements.scrub.value,
      x: drawn[0][0] }));
    """
    found = run(driver, content(poses) | {"missing": ""})
    assert found["clock"] == "0:00.36  frame 9"
    assert found["scrub"] == pytest.approx(4 / 25), "the film's own, which begins at 0"
    np.testing.assert_allclose(found["x"], poses.pts_s, atol=1e-6)


def test_plots_go_on_beyond_whole_turns_and_have_gaps_where_nothing_is_known(poses):
    near, far = poses.people
    degrees = near.angles.degrees.copy()
    knee = ANGLES.index("right_knee_flexion")
    degrees[:, knee] = np.linspace(0, 7200, len(degrees))
    degrees[2, knee] = np.nan
    spun = replace(near, angles=replace(near.angles, degrees=degrees))
    told = content(replace(poses, people=(spun, far))) | {"missing": ""}
    angles, speeds = run("console.log(JSON.stringify(drawn));", told)
    flexion = angles[2]  # behind the times and the hip's
    assert flexion[2] is None
    flexion[2] = np.nan
    np.testing.assert_allclose(flexion, degrees[:, knee])
    assert [i for i, v in enumerate(speeds[2]) if v is not None] == [3, 4, 5, 6, 7, 8]


def test_left_and_right_have_one_hue_and_the_right_is_dashed(poses):
    driver = """
    const { series } = looks[0];
    console.log(JSON.stringify(series.slice(1).map((one, i) => [one.label, one.stroke,
      one.dash.length > 0, looks[0].legend.markers.dash(null, i + 1)])));
    """
    found = run(driver, content(poses) | {"missing": ""})
    kinds = {}
    for label, stroke, dashed, marker in found:
        side, kind = label.split(" ", 1)
        assert dashed == (side == "right") == (marker == "dashed")
        kinds.setdefault(kind, set()).add(stroke)
    assert all(len(hues) == 1 for hues in kinds.values())
    assert len(kinds) == len(set.union(*kinds.values())) == 2


@pytest.mark.parametrize(("pointed_at", "said"), [(-10, [3, 3]), (40, [])])
def test_legends_say_what_is_true_now_unless_something_is_pointed_at(poses, pointed_at, said):
    driver = f"""
    pointedAt = {pointed_at};
    plots.build();
    legends.length = 0;
    seek(times[3]);
    console.log(JSON.stringify(legends));
    """
    assert run(driver, content(poses) | {"missing": ""}) == said


@pytest.mark.parametrize("held", ["altKey", "ctrlKey", "metaKey", "shiftKey"])
def test_the_browsers_own_keys_stay_its_own(poses, held):
    driver = f"""
    const frames = [], kept = [];
    const press = (key, more = {{}}) => {{
      const target = {{ closest: () => null, tagName: "BODY" }};
      heard.keydown({{ key, target, preventDefault: () => kept.push(key), ...more }});
      frames.push(document.body.dataset.frame);
    }};
    press("ArrowRight");
    press("ArrowRight", {{ {held}: true }});
    press(" ", {{ {held}: true }});
    console.log(JSON.stringify({{ frames, kept }}));
    """
    found = run(driver, content(poses) | {"missing": ""})
    if held == "shiftKey":
        assert found == {"frames": [1, 2, 2], "kept": ["ArrowRight", "ArrowRight", " "]}
    else:
        assert found == {"frames": [1, 1, 1], "kept": ["ArrowRight"]}


def test_a_film_of_140_mb_is_unpacked(poses):
    driver = """
    const data = bytes(btoa("\\x00\\x01\\xff").repeat(47e6));
    console.log(JSON.stringify([data.length, ...data.slice(-3)]));
    """
    assert run(driver, content(poses) | {"missing": ""}) == [141_000_000, 0, 1, 255]
