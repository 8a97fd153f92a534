"""Weights that carry code, claim more than there is, or are of something else.

To add one: a line in `PICKLES` for something that torch.save may have written, in `HEADERS` for a
safetensors header.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from case import ERROR, IMPORT, Case, Workshop, cut, flip, partial

from hotvid.lift.models.zoo import build_model

SHIPPED = Path(__file__).resolve().parents[2] / "weights" / "hot-mixste-s.safetensors"
# Keypoints with these weights: what is done with them by those who do not import them first.
LIFT_WITH = (
    "lift", "{other}", "--size", "96x64", "--fps", "30", "--json", "{out}/o.json",
    "--weights", "{source}",
)  # fmt: skip


class Payload:
    """Calls something when it is unpickled."""

    def __init__(self, call: Callable, *arguments: Any) -> None:
        self._what = call, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self._what


def small_state() -> dict[str, torch.Tensor]:
    """Of a model that exists, but so small that it is written in no time."""
    model = build_model("mixste", frames=9, channel=8, mlp_hidden=16)
    return dict(model.state_dict())


def stretched() -> dict[str, torch.Tensor]:
    """Tensors of terabytes whose storage is one number."""
    return {key: torch.zeros(1).expand(10**12) for key in small_state()}


PICKLES: dict[str, Callable[[], Any]] = {
    "a command": lambda: {"a": Payload(os.system, "touch hacked")},
    "a process": lambda: {"a": Payload(subprocess.Popen, ["touch", "hacked"])},
    "an opened file": lambda: {"a": Payload(open, "hacked", "w")},
    "an evaluated text": lambda: {"a": Payload(eval, "open('hacked', 'w')")},
    "an import": lambda: {"a": Payload(__import__, "antigravity")},
    "a numpy loader": lambda: {"a": Payload(np.load, "hacked.npy")},
    "a torch loader": lambda: {"a": Payload(torch.load, "hacked.pt")},
    "a whole module": lambda: torch.nn.Linear(2, 2),
    "weights and a command": lambda: {**small_state(), "x": Payload(os.system, "touch hacked")},
    "a command beside the weights": lambda: {
        "model_pos": small_state(),
        "args": Payload(os.system, "touch hacked"),
    },
    "a list": lambda: [torch.zeros(3)],
    "a tensor": lambda: torch.zeros(3),
    "nothing": lambda: {},
    "None": lambda: None,
    "numbers": lambda: {"a": 1, "b": 2.5},
    "numbered tensors": lambda: {0: torch.zeros(2), 1: torch.zeros(2)},
    "other tensors": lambda: {"conv.weight": torch.zeros(3, 3), "conv.bias": torch.zeros(3)},
    "within itself 200 times": lambda: _nested(200),
    "stretched tensors": stretched,
    "one stretched tensor": lambda: {**small_state(), "x_token": torch.zeros(1).expand(10**12)},
    "weights of NaN": lambda: {k: v * float("nan") for k, v in small_state().items()},
    "weights of infinity": lambda: {k: v + float("inf") for k, v in small_state().items()},
    "weights of integers": lambda: {k: v.to(torch.int8) for k, v in small_state().items()},
    "complex weights": lambda: {k: v.to(torch.complex64) for k, v in small_state().items()},
    "sparse weights": lambda: {k: v.to_sparse() for k, v in small_state().items()},
    "weights on no device": lambda: {k: v.to("meta") for k, v in small_state().items()},
    "empty weights": lambda: {k: v[:0] for k, v in small_state().items()},
    "weights without dimensions": lambda: {k: v.sum() for k, v in small_state().items()},
    "weights of 12 dimensions": lambda: {
        k: v.reshape([1] * 10 + [*v.shape]) for k, v in small_state().items()
    },
    "10^4 weights": lambda: {f"layer.{k}": torch.zeros(1) for k in range(10**4)},
}


def _nested(depth: int) -> dict:
    state: dict = small_state()
    for _ in range(depth):
        state = {"model": state}
    return state


def torch_saved(name: str, make: Callable[[], Any], workshop: Workshop, **how: Any) -> Path:
    stream = io.BytesIO()
    torch.save(make(), stream, **how)
    return workshop.write(name, stream.getvalue())


def pickled(make: Callable[[], Any], workshop: Workshop) -> Path:
    return workshop.write("a.pth", pickle.dumps(make()))


def entry(dtype: str = "F32", shape: Any = (1,), offsets: Any = (0, 4)) -> dict:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


HEADERS: dict[str, Any] = {
    "nothing": {},
    "no tensors": {"__metadata__": {}},
    "a list": [],
    "a tensor of 4 TB": {"a": entry(shape=(10**12,), offsets=(0, 4 * 10**12))},
    "a shape beyond its bytes": {"a": entry(shape=(10**12,))},
    "a shape that overflows": {"a": entry(shape=(2**62, 2**62))},
    "a shape of -1": {"a": entry(shape=(-1,))},
    "offsets that go back": {"a": entry(offsets=(4, 0))},
    "offsets beyond the end": {"a": entry(offsets=(0, 10**9))},
    "tensors over each other": {"a": entry(), "b": entry()},
    "an unknown type": {"a": entry(dtype="F3")},
    "metadata of numbers": {"__metadata__": {"name": 7}, "a": entry()},
    "an unknown model": {"__metadata__": {"name": "nonsense"}, "a": entry()},
    "a model without sizes": {"__metadata__": {"name": "hot-mixste-s"}, "a": entry()},
    **{
        f"sizes of {text[:40]}": {
            "__metadata__": {"name": "hot-mixste-s", "sizes": text},
            "a": entry(),
        }
        for text in (
            "nonsense",
            "[]",
            "7",
            "{}",
            "[" * 10**5,
            '{"depth": 1000000000}',
            '{"depth": -1}',
            '{"channel": 10000000000}',
            '{"channel": 0}',
            '{"frames": 1000000000000}',
            '{"frames": "many"}',
            '{"mlp_hidden": 1e300}',
            '{"token_num": -5, "frames": 9}',
            '{"nonsense": 1}',
            '{"depth": true, "frames": null}',
        )
    },
}


def headed(header: Any, workshop: Workshop) -> Path:
    text = json.dumps(header).encode()
    return workshop.write("a.safetensors", struct.pack("<Q", len(text)) + text + bytes(4))


RAW = {
    "a header of 2^63 bytes": struct.pack("<Q", 2**63) + b"{}",
    "a header of 10^9 bytes": struct.pack("<Q", 10**9) + b"{}",
    "no header": struct.pack("<Q", 0),
    "a header of brackets": struct.pack("<Q", 10**5) + b"[" * 10**5,
    "a header that is no JSON": struct.pack("<Q", 20) + b"\xff" * 20,
    "nothing": b"",
    "text": b"these are no weights",
    "zeros": bytes(1000),
}


def raw(name: str, data: bytes, workshop: Workshop) -> Path:
    return workshop.write(name, data)


def shipped(spoil: Callable[[bytes, Workshop], bytes], workshop: Workshop) -> Path:
    return workshop.write("a.safetensors", spoil(SHIPPED.read_bytes(), workshop))


def small_file(spoil: Callable[[bytes, Workshop], bytes], workshop: Workshop) -> Path:
    data = workshop.once("small.pth", lambda path: torch.save(small_state(), path))
    return workshop.write("a.pth", spoil(data, workshop))


def zip_of(members: dict[str, bytes], workshop: Workshop) -> Path:
    path = workshop.folder / "a.pth"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data, zipfile.ZIP_DEFLATED)
    return path


def cases() -> list[Case]:
    def both(what: str, make: Callable[[Workshop], Path], want: str = ERROR) -> None:
        found.append(Case("weights", what, make, IMPORT, want))
        found.append(Case("given weights", what, make, LIFT_WITH, want))

    found: list[Case] = []
    unsure = {what for what in PICKLES if "stretched" in what} | {"within itself 200 times"}
    for what, make in PICKLES.items():
        both(what, partial(torch_saved, "a.pth", make), "either" if what in unsure else ERROR)
    for what in ("a command", "an opened file", "a list"):
        both(f"{what}, pickled bare", partial(pickled, PICKLES[what]))
        old = {"_use_new_zipfile_serialization": False}
        both(f"{what}, old format", partial(torch_saved, "a.pth", PICKLES[what], **old))
    for what, header in HEADERS.items():
        both(f"a header of {what}", partial(headed, header))
    for what, data in RAW.items():
        both(f"{what}, as .safetensors", partial(raw, "a.safetensors", data))
        both(f"{what}, as .pth", partial(raw, "a.pth", data))
    for k in range(4):
        both(f"ours, cut at {k}/4", partial(shipped, partial(_cut, k / 4)))
        both(f"ours, flipped {k}", partial(shipped, partial(_flip, 10**k)), "either")
        both(f"torch's, cut at {k}/4", partial(small_file, partial(_cut, k / 4)))
        both(f"torch's, flipped {k}", partial(small_file, partial(_flip, 10**k)), "either")
    bomb = {"archive/data.pkl": pickle.dumps({}), "archive/data/0": bytes(3 * 10**8)}
    both("an archive that unpacks to 300 MB", partial(zip_of, bomb))
    both("an archive that leads out", partial(zip_of, {"../../hacked": b"x"}))
    return found


def _cut(share: float, data: bytes, workshop: Workshop) -> bytes:
    return cut(data, share)


def _flip(n_bits: int, data: bytes, workshop: Workshop) -> bytes:
    return flip(data, workshop.chance, n_bits)
