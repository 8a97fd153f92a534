"""The formats by name: what each holds, where it goes, and its writer, imported on use."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hotvid.config import ExportConfig, check_choice
from hotvid.errors import OutputError, UsageError
from hotvid.extras import EZC3D, PYARROW, RERUN, USD, Extra
from hotvid.types import Poses

_SLASHES = tuple(filter(None, (os.sep, os.altsep)))
# Kinds of files that somebody may want who names one, and that none of the formats is.
_OTHERS = frozenset({".gltf", ".usda", ".usdc", ".usdz", ".fbx", ".txt", ".xlsx"})

Writer = Callable[[Poses, Path, ExportConfig], None]


@dataclass(frozen=True)
class Format:
    """One format.

    suffix      what its files end in; a file that is named in full need only end in the last part.
    what        it is, in a few words.
    module      in `hotvid`; its `write(poses, path, config)` writes one file or, where
                `folder` is true, fills the folder `path` with files named by `pattern`.
    needs_3d    only people with 3D motion can be in it.
    needs_bones  it holds turns of bones, which are fitted first.
    per_person  a file holds one person: several people are several files.
    most_frames  as many as it can count; None: any number.
    options     the fields of `ExportConfig` that change what is in it.
    extra       the package that it needs beyond hotvid's own dependencies.
    """

    name: str
    suffix: str
    what: str
    module: str
    needs_3d: bool = False
    needs_bones: bool = False
    per_person: bool = False
    folder: bool = False
    pattern: str = ""
    most_frames: int | None = None
    options: tuple[str, ...] = ()
    extra: Extra | None = None

    @property
    def ending(self) -> str:
        """What a file that is named in full ends in."""
        return "." + self.suffix.rpartition(".")[2]

    def writer(self) -> Writer:
        """The function that writes it; OutputError names the command that installs what lacks."""
        self.check_installed()
        return importlib.import_module(f"hotvid.{self.module}").write

    def check_length(self, n_frames: int) -> None:
        """Raise OutputError where there are more frames than it can count."""
        if self.most_frames is not None and n_frames > self.most_frames:
            raise OutputError(
                f"there are {n_frames} frames, and {self.name.upper()} holds {self.most_frames} "
                "at most",
                "give parts of the video, each with its --time-range, or choose another format",
            )

    def check_installed(self) -> None:
        """Raise OutputError where the package that it needs is not installed."""
        if self.extra is not None and not self.extra.is_installed:
            raise OutputError(
                f"the format {self.name} needs {self.extra.package}, which is not installed",
                f"install it: {self.extra.install}",
            )


FORMATS = {
    f.name: f
    for f in (
        Format("json", ".json", "hotvid's own JSON", "stored.poses_json"),
        Format("csv", ".csv", "a row for each frame, person and joint", "export.csv_table"),
        Format(
            "parquet",
            ".parquet",
            "the same table, typed and compressed",
            "stored.parquet_table",
            extra=PYARROW,
        ),
        Format(
            "angles",
            ".angles.csv",
            "joint angles, a row for each frame and person",
            "export.angles_csv",
            needs_3d=True,
        ),
        Format(
            "npz", ".arrays.npz", "NumPy arrays over people, frames and joints", "stored.arrays"
        ),
        Format(
            "trc",
            ".trc",
            "markers for OpenSim, a file a person",
            "export.trc",
            needs_3d=True,
            per_person=True,
        ),
        Format(
            "mot",
            ".mot",
            "joint angles for OpenSim, a file a person",
            "export.mot",
            needs_3d=True,
            per_person=True,
        ),
        Format(
            "c3d",
            ".c3d",
            "markers for biomechanics software",
            "export.c3d",
            needs_3d=True,
            most_frames=65_535,  # counted in 16 bits: of more, readers see the first ones
            extra=EZC3D,
        ),
        Format(
            "bvh",
            ".bvh",
            "a skeleton that turns, a file a person",
            "export.bvh",
            needs_3d=True,
            needs_bones=True,
            options=("bone_names", "units"),
            per_person=True,
        ),
        Format(
            "glb",
            ".glb",
            "everyone as an animated body",
            "export.glb",
            needs_3d=True,
            needs_bones=True,
            options=("bone_names",),
        ),
        Format(
            "usd",
            ".usd",
            "the same for USD's programs",
            "export.usd",
            needs_3d=True,
            needs_bones=True,
            options=("bone_names",),
            extra=USD,
        ),
        Format("mmpose", ".mmpose.json", "2D keypoints as MMPose writes them", "export.mmpose"),
        Format(
            "openpose",
            ".openpose",
            "2D and 3D keypoints as OpenPose writes them, a folder with a file a frame",
            "export.openpose",
            folder=True,
            pattern="*_keypoints.json",
        ),
        Format(
            "alphapose",
            ".alphapose.json",
            "2D keypoints as AlphaPose writes them",
            "export.alphapose",
        ),
        Format("rrd", ".rrd", "a Rerun recording", "export.rrd", extra=RERUN),
    )
}


def parse_formats(names: str) -> tuple[Format, ...]:
    """The formats in "a,b", once each; UsageError for an unknown one or for none."""
    wanted = dict.fromkeys(name.strip().lower() for name in names.split(",") if name.strip())
    if not wanted:
        raise UsageError("no format is named", f"choose from: {', '.join(FORMATS)}")
    if "fbx" in wanted:
        raise UsageError(
            "FBX is a format that only Autodesk's software writes right",
            "write glb or bvh, import it into Blender and export FBX from there",
        )
    return tuple(FORMATS[check_choice("format", name, tuple(FORMATS))] for name in wanted)


def output_paths(
    formats: Sequence[Format], out: str | os.PathLike[str], source: Path
) -> tuple[tuple[Format, Path], ...]:
    """Where each format goes.

    out     a folder, which is there or ends in a slash: then each format goes into it under the
            source's name, or where the one format asked for is a folder, that is it. Else a name,
            to which each format's suffix is added: behind what it ends in already, unless one of
            these formats ends so. One format's name that ends as it should is its file.
    raises  OutputError where a name ends as other files do, or has nothing before its ending.
    """
    folder = os.fspath(out).endswith(_SLASHES) or Path(out).is_dir()
    out = Path(out)
    if folder:
        if len(formats) == 1 and formats[0].folder:
            return ((formats[0], out),)
        out = out / _name_of(source)
        return tuple((f, _with(out, f)) for f in formats)
    _check_ending(formats, out)
    if len(formats) == 1 and (formats[0].folder or out.suffix.lower() == formats[0].ending):
        return ((formats[0], out),)
    named = [e for f in formats for e in (f.suffix, f.ending) if out.name.lower().endswith(e)]
    if named:
        out = out.with_name(out.name[: -len(max(named, key=len))])
    return tuple((f, _with(out, f)) for f in formats)


def _name_of(source: Path) -> str:
    """A source's name as outputs have it: a folder's whole, a file's without its ending."""
    if source.is_dir():
        return source.resolve().name or "poses"  # the root of a disk has none
    return source.stem


def _with(base: Path, form: Format) -> Path:
    return base.with_name(base.name + form.suffix)


def _check_ending(formats: Sequence[Format], out: Path) -> None:
    """Raise OutputError for a name that is another kind of file's, or but an ending."""
    advice = "choose another name for the output"
    own = {f.ending for f in formats}
    known = {f.ending for f in FORMATS.values()} | _OTHERS
    if out.name.lower() in known | {f.suffix for f in formats}:
        raise OutputError(f"cannot write '{out}': there is nothing before the ending", advice)
    if out.suffix.lower() not in known - own:
        return
    if len(formats) > 1:
        said = f"none of {', '.join(f.name for f in formats)} ends in {out.suffix}"
    elif formats[0].folder:
        said = f"{formats[0].name} is a folder of files"
    else:
        said = f"the name of a {formats[0].name} file ends in {formats[0].ending}"
    raise OutputError(f"cannot write '{out}': {said}", advice)


def person_path(path: Path, person: int) -> Path:
    """`walk.trc` -> `walk.person0.trc`: where one of several people goes."""
    return path.with_name(f"{path.stem}.person{person}{path.suffix}")


def is_person_path(name: str, path: Path) -> bool:
    """Whether `person_path` gives a file that is called `name`, for somebody."""
    pattern = f"{re.escape(path.stem)}\\.person[0-9]+{re.escape(path.suffix)}"
    return re.fullmatch(pattern, name) is not None
