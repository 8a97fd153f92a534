"""GLB, read back by pygltflib, moved by the format's own rules, and held to Khronos's validator."""

import json
import shutil
import struct
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from stick_people import moved_to, only, two_people, uneven, with_bones

from hotvid.config import ExportConfig
from hotvid.export import glb
from hotvid.export.body_mesh import body_mesh
from hotvid.export.colours import person_colour
from hotvid.humanoid import BONE_NAMES, NAMINGS, bone_places, rest_places
from hotvid.rotations import to_matrix

_KINDS = {5121: ("u1", 1), 5125: ("<u4", 4), 5126: ("<f4", 4)}
_WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}


class Read:
    """A file as pygltflib reads it."""

    def __init__(self, path):
        self.file = pytest.importorskip("pygltflib").GLTF2().load(str(path))
        self.blob = self.file.binary_blob()

    def numbers(self, index):
        accessor = self.file.accessors[index]
        view = self.file.bufferViews[accessor.bufferView]
        dtype, _ = _KINDS[accessor.componentType]
        width = _WIDTHS[accessor.type]
        start = view.byteOffset + (accessor.byteOffset or 0)
        values = np.frombuffer(self.blob, dtype, accessor.count * width, start)
        return values.reshape(accessor.count, width)

    def node(self, name):
        return next(i for i, n in enumerate(self.file.nodes) if n.name == name)

    def animated(self, node, path):
        """(times, values) of a node's animation, or None."""
        (animation,) = self.file.animations
        for channel in animation.channels:
            if (channel.target.node, channel.target.path) == (node, path):
                sampler = animation.samplers[channel.sampler]
                return self.numbers(sampler.input)[:, 0], self.numbers(sampler.output)
        return None

    def worlds(self, skin, frame):
        """(J, 4, 4) of a skin's joints in one frame."""
        parents = {c: i for i, n in enumerate(self.file.nodes) for c in n.children or ()}
        worlds = {}

        def world(node):
            if node not in worlds:
                own = self.file.nodes[node]
                moved, turned = (
                    self.animated(node, "translation"),
                    self.animated(node, "rotation"),
                )
                local = np.eye(4)
                turn = own.rotation or [0, 0, 0, 1]
                local[:3, :3] = to_matrix(np.array(turned[1][frame] if turned else turn))
                local[:3, 3] = moved[1][frame] if moved else (own.translation or [0, 0, 0])
                above = world(parents[node]) if node in parents else np.eye(4)
                worlds[node] = above @ local
            return worlds[node]

        return np.array([world(joint) for joint in self.file.skins[skin].joints])

    def skinned(self, skin, frame):
        """(V, 3): the body's vertices in one frame, by linear blend skinning."""
        (primitive,) = self.file.meshes[skin].primitives
        attributes = primitive.attributes
        xyz = self.numbers(attributes.POSITION)
        back = self.numbers(self.file.skins[skin].inverseBindMatrices)
        moves = self.worlds(skin, frame) @ back.reshape(-1, 4, 4).transpose(0, 2, 1)
        weight = self.numbers(attributes.WEIGHTS_0)
        blend = (weight[..., None, None] * moves[self.numbers(attributes.JOINTS_0)]).sum(1)
        homogeneous = np.concatenate([xyz, np.ones((len(xyz), 1))], 1)
        return (blend @ homogeneous[..., None])[:, :3, 0]


def written(poses, path, **config):
    glb.write(poses, path, ExportConfig(**config))
    return path


def test_bones_are_where_the_motion_has_them(dancer, tmp_path):
    read = Read(written(dancer, tmp_path / "a.glb"))
    wanted = bone_places(dancer.people[0].bones)[0]
    for frame in (0, 17, 44, 89):
        np.testing.assert_allclose(read.worlds(0, frame)[:, :3, 3], wanted[frame], atol=1e-4)
    names = [read.file.nodes[i].name for i in read.file.skins[0].joints]
    assert names == list(BONE_NAMES)


def test_the_body_goes_with_the_bones(dancer, tmp_path):
    read = Read(written(dancer, tmp_path / "a.glb"))
    for frame in (0, 44, 89):
        xyz = read.skinned(0, frame)
        bones = bone_places(dancer.people[0].bones)[0][frame]
        away = np.linalg.norm(xyz[None] - bones[:, None], axis=-1).min(1)
        assert away.max() < 0.2, "every bone begins within the body"
        assert np.linalg.norm(xyz[:, None] - bones[None], axis=-1).min(1).max() < 0.45


def test_the_nodes_are_the_rest_pose_in_which_the_body_is_made(tmp_path):
    """A T that stands on the floor, whatever the motion begins with."""
    poses = with_bones(two_people())
    read = Read(written(poses, tmp_path / "a.glb"))
    read.file.animations[0].channels = []
    for skin, person in enumerate(poses.people):
        rest = read.worlds(skin, 0)
        back = read.numbers(read.file.skins[skin].inverseBindMatrices)
        back = back.reshape(-1, 4, 4).transpose(0, 2, 1)
        np.testing.assert_allclose(rest @ back, np.tile(np.eye(4), (len(rest), 1, 1)), atol=1e-6)
        np.testing.assert_allclose(
            rest[:, :3, 3] - rest[0, :3, 3], rest_places(person.bones), atol=1e-6
        )
        xyz = read.skinned(skin, 0)
        np.testing.assert_allclose(
            xyz, read.numbers(read.file.meshes[skin].primitives[0].attributes.POSITION), atol=1e-6
        )
        assert xyz[:, 1].min() == pytest.approx(0, abs=1e-6)
        hands = rest[[BONE_NAMES.index("LeftHand"), BONE_NAMES.index("RightHand")], :3, 3]
        assert np.ptp(hands[:, 1]) < 1e-6 and np.ptp(hands[:, 0]) > 1.2


def test_a_bone_that_is_held_still_away_from_its_rest_is_in_the_animation(dancer, tmp_path):
    person = dancer.people[0]
    turn = person.bones.rotation.copy()
    turn[:, BONE_NAMES.index("LeftLowerArm")] = (0, -np.sqrt(0.5), 0, np.sqrt(0.5))
    held = replace(person, bones=replace(person.bones, rotation=turn))
    read = Read(written(replace(dancer, people=(held,)), tmp_path / "a.glb"))
    wanted = bone_places(held.bones)[0]
    np.testing.assert_allclose(read.worlds(0, 44)[:, :3, 3], wanted[44], atol=1e-4)


def test_everyone_is_in_it_at_the_video_s_times(tmp_path):
    poses = with_bones(uneven(two_people()))
    read = Read(written(poses, tmp_path / "a.glb"))
    assert len(read.file.skins) == 2
    times, _ = read.animated(read.file.skins[0].joints[0], "translation")
    np.testing.assert_allclose(times, poses.pts_s - poses.pts_s[0], atol=1e-6)
    late = poses.people[1]
    rows = late.keypoints.frame_index - poses.first_frame
    times, _ = read.animated(read.file.skins[1].joints[0], "translation")
    np.testing.assert_allclose(times, poses.pts_s[rows] - poses.pts_s[0], atol=1e-6)


def test_who_is_not_there_is_scaled_to_nothing(tmp_path):
    poses = with_bones(two_people())
    read = Read(written(poses, tmp_path / "a.glb"))
    assert read.animated(read.node("person0"), "scale") is None
    times, scale = read.animated(read.node("person3"), "scale")
    shown = dict(zip((times * poses.video.fps).round().astype(int).tolist(), scale, strict=True))
    assert {frame: row.tolist() for frame, row in shown.items()} == {
        0: [0, 0, 0],
        3: [1, 1, 1],
        9: [0, 0, 0],
    }


@pytest.mark.parametrize("first", [0, 5, 6])
def test_who_comes_or_goes_at_an_end_is_there_to_the_frame(tmp_path, first):
    poses = with_bones(moved_to(two_people(), 3, first))
    read = Read(written(poses, tmp_path / "a.glb"))
    times, scale = read.animated(read.node("person3"), "scale")
    frames = (times * poses.video.fps).round().astype(int)
    step = np.maximum(np.searchsorted(frames, np.arange(12), "right") - 1, 0)
    assert (scale[step] == 1).all(1).tolist() == [first <= f < first + 6 for f in range(12)]
    assert set(scale.ravel().tolist()) == {0, 1}


def test_everyone_has_a_body_of_their_own(tmp_path):
    read = Read(written(with_bones(two_people()), tmp_path / "a.glb"))
    for number in (0, 3):
        name = f"person{number}"
        body = read.file.nodes[read.node(f"{name} body")]
        holder = read.file.nodes[read.node(name)]
        assert read.file.skins[body.skin].joints[0] == holder.children[0]
        (primitive,) = read.file.meshes[body.mesh].primitives
        surface = read.file.materials[primitive.material].pbrMetallicRoughness
        np.testing.assert_allclose(surface.baseColorFactor, [*person_colour(number), 1])


def renumbered(poses, number, new):
    (person,) = only(poses, number).people
    tracks = {n: replace(getattr(person, n), track_id=new) for n in ("detected", "keypoints")}
    return replace(poses, people=(replace(person, **tracks),))


def test_the_file_is_laid_out_as_the_format_wants_it(tmp_path):
    """Lengths that are whole words and add up; no list that is there is empty."""
    nobody, two = replace(two_people(), people=()), with_bones(two_people())
    for poses in (nobody, two, *(renumbered(two, 0, n) for n in (1, 10, 100, 1000))):
        content = written(poses, tmp_path / "a.glb").read_bytes()
        assert struct.unpack("<4sII", content[:12]) == (b"glTF", 2, len(content))
        at, parts = 12, {}
        while at < len(content):
            length, kind = struct.unpack("<I4s", content[at : at + 8])
            assert length % 4 == 0
            parts[kind] = content[at + 8 : at + 8 + length]
            at += 8 + length
        assert at == len(content) and list(parts) == [b"JSON", b"BIN\0"][: len(parts)]
        assert len(parts) == (2 if poses.people else 1) and b"[]" not in parts[b"JSON"]


@pytest.mark.parametrize("naming", NAMINGS)
def test_bones_have_the_names_that_are_asked_for(dancer, tmp_path, naming):
    read = Read(written(dancer, tmp_path / "a.glb", bone_names=naming))
    assert [read.file.nodes[i].name for i in read.file.skins[0].joints] == list(NAMINGS[naming])


def test_the_fit_is_stated(dancer, tmp_path):
    read = Read(written(dancer, tmp_path / "a.glb"))
    stated = read.file.nodes[read.node("person0")].extras
    error = dancer.people[0].bones.error_mm
    assert stated["fit_median_mm"] == pytest.approx(np.nanmedian(error), abs=0.06)


def test_the_body_is_closed_and_faces_outwards(dancer):
    mesh = body_mesh(dancer.people[0].bones)
    edges = np.sort(mesh.triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), 1)
    _, times = np.unique(edges, axis=0, return_counts=True)
    assert (times == 2).all(), "every edge is between two triangles"
    a, b, c = (mesh.xyz_m[mesh.triangles[:, i]] for i in range(3))
    litres = 1000 * (a * np.cross(b, c)).sum() / 6
    assert 30 < litres < 150, "the volume of a person, some of it twice where tubes overlap"
    np.testing.assert_allclose(mesh.weight.sum(1), 1)


def _validator():
    """Node's gltf-validator, where it is installed (npm install -g gltf-validator)."""
    if shutil.which("node") is None:
        return None
    found = subprocess.run(
        ["node", "-e", "console.log(require.resolve('gltf-validator'))"],
        capture_output=True,
        text=True,
    )
    return found.stdout.strip() or None


@pytest.mark.slow
def test_khronos_s_validator_has_nothing_to_say(tmp_path):
    validator = _validator()
    if validator is None:
        pytest.skip("needs node, with gltf-validator where NODE_PATH finds it")
    path = written(with_bones(two_people()), tmp_path / "a.glb")
    script = (
        f"require({json.dumps(validator)}).validateBytes(new Uint8Array(require('fs')"
        f".readFileSync({json.dumps(str(path))}))).then(r => console.log(JSON.stringify(r)))"
    )
    said = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True)
    report = json.loads(said.stdout)
    assert report["issues"]["messages"] == []
    assert report["info"]["hasSkins"] and report["info"]["animationCount"] == 1
