"""The files of weights hotvid knows: name, hash, licence, and where they are looked for.

Those of hotvid's own models travel with it. Those of published models belong to their authors:
the user gets them there, and `hotvid models import` puts them into the user's own folder.
"""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from hotvid.errors import UsageError, WeightsError

_PACKAGE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class WeightsFile:
    """One file that travels with hotvid."""

    name: str
    file: str
    sha256: str
    licence: str


_BLAZEPOSE = "Apache-2.0, (c) Google (MediaPipe)"
_OWN = "Apache-2.0; trained on CMU motion capture (mocap.cs.cmu.edu)"
SHIPPED = {
    w.name: w
    for w in (
        WeightsFile(
            "blazepose-detector",
            "pose_detection.tflite",
            "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
            _BLAZEPOSE,
        ),
        WeightsFile(
            "blazepose-lite",
            "pose_landmark_lite.tflite",
            "f17bfbecadb61c3be1baa8b8d851cc6619c870a87167b32848ad20db306b9d61",
            _BLAZEPOSE,
        ),
        WeightsFile(
            "blazepose-full",
            "pose_landmark_full.tflite",
            "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
            _BLAZEPOSE,
        ),
        WeightsFile(
            "blazepose-heavy",
            "pose_landmark_heavy.tflite",
            "59e42d71bcd44cbdbabc419f0ff76686595fd265419566bd4009ef703ea8e1fe",
            _BLAZEPOSE,
        ),
        WeightsFile(
            "hot-mixste-s",
            "hot-mixste-s.safetensors",
            "342bb6b68629209fff9d8b9a77268521ede145e174913d826e04a7855e4086d4",
            _OWN,
        ),
        WeightsFile(
            "mixste-s",
            "mixste-s.safetensors",
            "b0d1612ff020e164fcb6b83dd6ed51fa3081bd719a79a931a66f7396a22c636c",
            _OWN,
        ),
    )
}


DEFAULT_LIFTER = "hot-mixste-s"
ACCURATE_LIFTER = "mixste-s"  # its unpruned twin: twice the time, and nearer on real video

# hotvid's own lifters: their files are safetensors, the 2D models' are not.
OWN_LIFTERS = tuple(name for name, w in SHIPPED.items() if w.file.endswith(".safetensors"))


@dataclass(frozen=True)
class Published:
    """Where the authors of a published model give its weights.

    wants  the file, or what there is instead.
    url    a page, not the file: the authors may move it, and ask for consent first.
    """

    wants: str
    url: str


_HOT_URL = "https://github.com/NationalGAILab/HoT"
_MOTIONBERT_URL = "https://github.com/Walter0807/MotionBERT"
PUBLISHED = {
    "mixste": Published("HoT's pretrained 'mixste', or MixSTE's own checkpoint", _HOT_URL),
    "hot-mixste": Published("HoT's pretrained 'hot_mixste'", _HOT_URL),
    "tpc-mixste": Published("HoT's pretrained 'tpc_mixste'", _HOT_URL),
    "motionbert": Published(
        "MotionBERT's '3D Pose (H36M-SH)', scratch or ft, best_epoch.bin", _MOTIONBERT_URL
    ),
    "hot-motionbert": Published("what HoT's code trains: its authors list no file", _HOT_URL),
    "tpc-motionbert": Published("those of motionbert: TPC adds no parameters", _MOTIONBERT_URL),
    "mhformer": Published(
        "MHFormer's pretrained, 351 frames, or HoT's 'mhformer'",
        "https://github.com/Vegetebird/MHFormer",
    ),
    "hot-mhformer": Published("nobody's: HoT for MHFormer is hotvid's own; train it", ""),
    "tpc-mhformer": Published("HoT's pretrained 'tpc_mhformer'", _HOT_URL),
}
LIFTERS = (*PUBLISHED, *OWN_LIFTERS)


def own_folder() -> Path:
    """The user's own weights: $HOTVID_HOME/weights, or where the platform keeps a user's data."""
    if home := os.environ.get("HOTVID_HOME"):
        return Path(home).expanduser() / "weights"
    if sys.platform == "win32":
        data = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        data = Path.home() / "Library" / "Application Support"
    else:
        given = os.environ.get("XDG_DATA_HOME", "")
        # Relative ones are to be ignored, says the XDG specification.
        data = Path(given) if Path(given).is_absolute() else Path.home() / ".local" / "share"
    return data / "hotvid" / "weights"


def search_path() -> tuple[Path, ...]:
    """Folders looked through, first to last.

    $HOTVID_WEIGHTS, the user's own (`own_folder`), the wheel's, the checkout's.
    """
    return (*_users_folders(), _PACKAGE / "_weights", _PACKAGE.parent / "weights")


def _users_folders() -> tuple[Path, ...]:
    given = os.environ.get("HOTVID_WEIGHTS", "").split(os.pathsep)
    return (*(Path(p).expanduser() for p in given if p), own_folder())


def imported() -> dict[str, Path]:
    """The lifters' weights that the user has imported, by the names they were given, sorted."""
    shipped = {w.file for w in SHIPPED.values()}
    found: dict[str, Path] = {}
    for folder in reversed(_users_folders()):
        # Not `*.safetensors`: what was half-written when it was killed has a name with a dot.
        found |= {p.stem: p for p in folder.glob("[!.]*.safetensors") if p.name not in shipped}
    return dict(sorted(found.items()))


def find(name: str) -> Path:
    """The file of the shipped weights `name`; WeightsError names the folders searched."""
    shipped = SHIPPED[name]
    for folder in search_path():
        path = folder / shipped.file
        if path.is_file():
            return path
    looked = ", ".join(str(p) for p in search_path())
    raise WeightsError(
        f"the weights '{name}' ({shipped.file}) are not in {looked}",
        "reinstall hotvid, or point HOTVID_WEIGHTS at the folder that holds them",
    )


def locate(name: str | None, given: str | Path | None = None) -> Path:
    """The weights of the lifter `name`: those given, or imported, or that travel along.

    name    None: of the default.
    raises  UsageError for a name that is none, or that is of other weights than those given;
            WeightsError where its weights are to be got first.
    """
    users = imported()
    name = DEFAULT_LIFTER if name is None else name
    if name not in LIFTERS and name not in users:
        choices = ", ".join((*LIFTERS, *(n for n in users if n not in LIFTERS)))
        raise UsageError(f"unknown lifter '{name}'", f"choose one of: {choices}")
    if given is not None:
        if name not in LIFTERS:
            raise UsageError(
                f"'{name}' is the name of imported weights ({users[name]}), not of a model",
                "leave out that name, or the other weights",
            )
        path = Path(given).expanduser()
        if not path.is_file():
            raise WeightsError(f"the weights '{path}' do not exist", "check the path")
        return path
    if name in users:
        return users[name]
    if name in OWN_LIFTERS:
        return find(name)
    where = f" (see {PUBLISHED[name].url})" if PUBLISHED[name].url else ""
    raise WeightsError(
        f"no weights for '{name}' are here",
        f"give them with --weights FILE, or once: hotvid models import FILE --model {name}{where}",
    )


def sha256(path: Path) -> str:
    """The file's hash as hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
