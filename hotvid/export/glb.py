"""GLB: everyone as an animated body, for viewers, game engines and Blender."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hotvid import __version__
from hotvid.config import ExportConfig
from hotvid.export.body_mesh import BodyMesh, body_mesh
from hotvid.export.colours import person_colour
from hotvid.humanoid import BONES, NAMINGS, fit_error_mm, rest_places
from hotvid.types import Person, Poses

_FLOAT, _UBYTE, _UINT = 5126, 5121, 5125
_VERTICES, _TRIANGLES = 34962, 34963
_TYPES = {(): "SCALAR", (3,): "VEC3", (4,): "VEC4", (4, 4): "MAT4"}
_STILL = 1e-6  # a bone that turns less from its rest is left out of the animation

_AT_REST = (0.0, 0.0, 0.0, 1.0)


def write(poses: Poses, path: Path, config: ExportConfig) -> None:
    """Write everyone as a skinned mesh on a skeleton, y up, metres, timed by the video's stamps.

    The nodes themselves are the rest pose, a T that stands at the origin; the motion is in the
    animation alone. Somebody who is not there is scaled to nothing. Each person's node says in its
    `extras` how far the bones put the joints from where they were, in millimetres.
    """
    scene = _Scene()
    start_s = float(poses.pts_s[0]) if poses.n_frames else 0.0
    names = NAMINGS[config.bone_names]
    for person in poses.people:
        _add_person(scene, poses, person, names, start_s)
    scene.write(path)


class _Scene:
    """What a glTF file holds, with its numbers in one buffer."""

    def __init__(self) -> None:
        self.nodes: list[dict[str, Any]] = []
        self.roots: list[int] = []
        self.meshes: list[dict[str, Any]] = []
        self.skins: list[dict[str, Any]] = []
        self.materials: list[dict[str, Any]] = []
        self.samplers: list[dict[str, Any]] = []
        self.channels: list[dict[str, Any]] = []
        self._accessors: list[dict[str, Any]] = []
        self._views: list[dict[str, Any]] = []
        self._buffer = bytearray()

    def numbers(self, values: np.ndarray, kind: int, target: int | None = None) -> int:
        """The index of an accessor of `values`."""
        dtype = {_FLOAT: "<f4", _UBYTE: "u1", _UINT: "<u4"}[kind]
        values = np.ascontiguousarray(values, dtype)
        view = {"buffer": 0, "byteOffset": len(self._buffer), "byteLength": values.nbytes}
        self._views.append(view if target is None else view | {"target": target})
        # Views begin at whole words: even what is bytes comes by four.
        self._buffer += values.tobytes()
        accessor: dict[str, Any] = {
            "bufferView": len(self._views) - 1,
            "componentType": kind,
            "count": len(values),
            "type": _TYPES[values.shape[1:]],
        }
        if kind == _FLOAT and values.ndim < 3:
            # Asked for of times and places; float32 as it is stored, so that they agree exactly.
            flat = values.reshape(len(values), -1)
            accessor |= {"min": flat.min(0).tolist(), "max": flat.max(0).tolist()}
        self._accessors.append(accessor)
        return len(self._accessors) - 1

    def node(self, **values: Any) -> int:
        self.nodes.append(values)
        return len(self.nodes) - 1

    def animate(
        self, node: int, path: str, times: int, values: np.ndarray, how: str = "LINEAR"
    ) -> None:
        self.samplers.append(
            {"input": times, "output": self.numbers(values, _FLOAT), "interpolation": how}
        )
        self.channels.append(
            {"sampler": len(self.samplers) - 1, "target": {"node": node, "path": path}}
        )

    def write(self, path: Path) -> None:
        content: dict[str, Any] = {
            "asset": {"version": "2.0", "generator": f"hotvid {__version__}"},
            "scene": 0,
            "scenes": [{"nodes": self.roots} if self.roots else {}],
            "nodes": self.nodes,
            "meshes": self.meshes,
            "skins": self.skins,
            "materials": self.materials,
            "accessors": self._accessors,
            "bufferViews": self._views,
        }
        if self._buffer:
            content["buffers"] = [{"byteLength": len(self._buffer)}]
            motion = {"name": "motion", "samplers": self.samplers, "channels": self.channels}
            content["animations"] = [motion]
        # A list that is there must hold something.
        content = {name: value for name, value in content.items() if value != []}
        text = json.dumps(content, separators=(",", ":"), allow_nan=False).encode()
        chunks = [(b"JSON", text + b" " * (-len(text) % 4))]
        if self._buffer:
            chunks.append((b"BIN\0", bytes(self._buffer)))
        with path.open("wb") as file:
            file.write(struct.pack("<4sII", b"glTF", 2, 12 + sum(8 + len(c) for _, c in chunks)))
            for kind, chunk in chunks:
                file.write(struct.pack("<I4s", len(chunk), kind) + chunk)


def _add_person(
    scene: _Scene,
    poses: Poses,
    person: Person,
    names: Sequence[str],
    start_s: float,
) -> None:
    motion, name = person.bones, f"person{person.track_id}"
    mesh = body_mesh(motion)
    standing_m = np.array([0.0, -float(mesh.xyz_m[:, 1].min()), 0.0])
    first = len(scene.nodes)
    for index, each in enumerate(BONES):
        children = [first + i for i, other in enumerate(BONES) if other.parent == index]
        scene.node(
            name=names[index],
            translation=_listed(motion.offset_m[index] if each.parent >= 0 else standing_m),
            **({"children": children} if children else {}),
        )
    # The body hangs on no node: its bones alone place it.
    body = scene.node(name=f"{name} body", mesh=len(scene.meshes), skin=len(scene.skins))
    holder = scene.node(name=name, children=[first], extras=fit_error_mm(person.bones))
    scene.roots += [holder, body]
    scene.skins.append(_skin(scene, person, first, holder, standing_m))
    scene.meshes.append(_mesh(scene, mesh, name, standing_m))
    scene.materials.append(
        {
            "name": name,
            "pbrMetallicRoughness": {
                "baseColorFactor": [*person_colour(person.track_id), 1.0],
                "metallicFactor": 0.0,
                "roughnessFactor": 0.7,
            },
        }
    )
    _animate(scene, poses, person, first, holder, start_s)


def _skin(
    scene: _Scene, person: Person, first: int, holder: int, standing_m: np.ndarray
) -> dict[str, Any]:
    back = np.tile(np.eye(4), (len(BONES), 1, 1))
    back[:, 3, :3] = (
        -rest_places(person.bones) - standing_m
    )  # column by column, as glTF keeps matrices
    return {
        "inverseBindMatrices": scene.numbers(back, _FLOAT),
        "joints": list(range(first, first + len(BONES))),
        "skeleton": holder,
    }


def _mesh(scene: _Scene, mesh: BodyMesh, name: str, standing_m: np.ndarray) -> dict[str, Any]:
    attributes = {
        "POSITION": scene.numbers(mesh.xyz_m + standing_m, _FLOAT, _VERTICES),
        "NORMAL": scene.numbers(mesh.normal, _FLOAT, _VERTICES),
        "JOINTS_0": scene.numbers(mesh.bones, _UBYTE, _VERTICES),
        "WEIGHTS_0": scene.numbers(mesh.weight, _FLOAT, _VERTICES),
    }
    indices = scene.numbers(mesh.triangles.ravel(), _UINT, _TRIANGLES)
    material = len(scene.materials)
    return {
        "name": name,
        "primitives": [{"attributes": attributes, "indices": indices, "material": material}],
    }


def _animate(
    scene: _Scene, poses: Poses, person: Person, first: int, holder: int, start_s: float
) -> None:
    motion = person.bones
    rows = person.keypoints.frame_index - poses.first_frame
    times = scene.numbers(poses.pts_s[rows] - start_s, _FLOAT)
    scene.animate(first, "translation", times, motion.root_m)
    for index in range(len(BONES)):
        turns = motion.rotation[:, index]
        if np.abs(turns - _AT_REST).max() > _STILL:
            scene.animate(first + index, "rotation", times, turns)
    here = [(rows[0] == 0, poses.pts_s[0]), (True, poses.pts_s[rows[0]])]
    if rows[-1] + 1 < poses.n_frames:
        here.append((False, poses.pts_s[rows[-1] + 1]))
    seen = dict.fromkeys(s for _, s in here)
    seen |= {s: yes for yes, s in here}
    if all(seen.values()):
        return
    moments = scene.numbers(np.array(list(seen)) - start_s, _FLOAT)
    shown = np.repeat(np.array(list(seen.values()), float)[:, None], 3, 1)
    scene.animate(holder, "scale", moments, shown, "STEP")


def _listed(values: np.ndarray) -> list[float]:
    return [float(v) for v in values]
