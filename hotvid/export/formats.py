"""The formats by name: what each holds, where it goes, and its writer, imported on use."""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hotvid.config import ExportConfig, check_choice
from hotvid.errors import OutputError, UsageError
from hotvid.extras import pip_install
from hotvid.types import Poses

Writer = Callable[[Poses, Path, ExportConfig], None]


@dataclass(frozen=True)
class Format:
    """One format.

    suffix      what its files end in; a file that is named in full need only end in the last part.
    what        it is, in a few words.
    module      in `hotvid.export`; its `write(poses, path, config)` writes one file or, where
                `folder` is true, fills the folder `path` with files named by `pattern`.
    needs_3d    only people with 3D motion can be in it.
    needs_bones  it holds turns of bones, which are fitted first.
    per_person  a file holds one person: several people are several files.
    most_frames  as many as it can count; None: any number.
    package     what it needs beyond hotvid's own dependencies, as (name to import, name to
                install).
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
    package: tuple[str, str] | None = None

    @property
    def ending(self) -> str:
        """What a file that is named in full ends in."""
        return "." + self.suffix.rpartition(".")[2]

    def writer(self) -> Writer:
        """The function that writes it; OutputError names the command that installs what lacks."""
        self.check_installed()
        return importlib.import_module(f"hotvid.export.{self.module}").write

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
        if self.package is not None and importlib.util.find_spec(self.package[0]) is None:
            raise OutputError(
                f"the format {self.name} needs {self.package[1]}, which is not installed",
                f"install it: {pip_install(self.package[1])}",
            )


FORMATS = {
    f.name: f
    for f in (
        Format("json", ".json", "hotvid's own JSON", "json_export"),
        Format("csv", ".csv", "a row for each frame, person and joint", "csv_table"),
        Format(
            "parquet",
            ".parquet",
            "the same table, typed and compressed",
            "parquet_table",
            package=("pyarrow", "pyarrow"),
        ),
        Format(
            "angles",
            ".angles.csv",
            "joint angles, a row for each frame and person",
            "angles_csv",
            needs_3d=True,
        ),
        Format("npz", ".arrays.npz", "NumPy arrays over people, frames and joints", "arrays"),
        Format(
            "trc",
            ".trc",
            "markers for OpenSim, a file a person",
            "trc",
            needs_3d=True,
            per_person=True,
        ),
        Format(
            "c3d",
            ".c3d",
            "markers for biomechanics software",
            "c3d",
            needs_3d=True,
            most_frames=65_535,  # counted in 16 bits: of more, readers see the first ones
            package=("ezc3d", "ezc3d"),
        ),
        Format(
            "bvh",
            ".bvh",
            "a skeleton that turns, a file a person",
            "bvh",
            needs_3d=True,
            needs_bones=True,
            per_person=True,
        ),
        Format(
            "glb",
            ".glb",
            "everyone as an animated body",
            "glb",
            needs_3d=True,
            needs_bones=True,
        ),
        Format(
            "usd",
            ".usd",
            "the same for USD's programs",
            "usd",
            needs_3d=True,
            needs_bones=True,
            package=("pxr", "usd-core"),
        ),
        Format("mmpose", ".mmpose.json", "2D keypoints as MMPose writes them", "mmpose"),
        Format(
            "openpose",
            ".openpose",
            "2D and 3D keypoints as OpenPose writes them, a folder with a file a frame",
            "openpose",
            folder=True,
            pattern="*_keypoints.json",
        ),
        Format(
            "alphapose", ".alphapose.json", "2D keypoints as AlphaPose writes them", "alphapose"
        ),
        Format("rrd", ".rrd", "a Rerun recording", "rrd", package=("rerun", "rerun-sdk")),
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
    formats: Sequence[Format], out: Path, source: Path
) -> tuple[tuple[Format, Path], ...]:
    """Where each format goes.

    out     where one format is asked for, its file, or folder for a format that is one; else a
            base to which each format's suffix is added: a file's name without suffix, or a
            folder, in which the base is the source's name.
    raises  OutputError where a file is named with a suffix that its format does not have.
    """
    if len(formats) == 1 and formats[0].folder:
        return ((formats[0], out),)
    if out.is_dir():
        out = out / source.stem
    elif len(formats) == 1 and out.suffix:
        (only,) = formats
        if out.suffix.lower() != only.ending:
            raise OutputError(
                f"cannot write '{out}': the name of a {only.name} file ends in {only.ending}",
                "choose another name for the output",
            )
        return ((only, out),)
    elif out.suffix.lower() in {f.ending for f in formats}:
        out = out.with_suffix("")
    return tuple((f, out.with_name(out.name + f.suffix)) for f in formats)


def person_path(path: Path, person: int) -> Path:
    """`walk.trc` -> `walk.person0.trc`: where one of several people goes."""
    return path.with_name(f"{path.stem}.person{person}{path.suffix}")


def is_person_path(name: str, path: Path) -> bool:
    """Whether `person_path` gives a file that is called `name`, for somebody."""
    pattern = f"{re.escape(path.stem)}\\.person[0-9]+{re.escape(path.suffix)}"
    return re.fullmatch(pattern, name) is not None
