"""Imports go down only, and what is heavy is imported only when it is used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import hotvid

PACKAGE = Path(hotvid.__file__).parent
FOUNDATION = {
    "systems",
    "atomic",
    "chunks",
    "errors",
    "extras",
    "file_names",
    "types",
    "skeleton",
    "humanoid",
    "joint_angles",
    "mended_sides",
    "rotations",
    "progress",
    "remarks",
    "series",
    "geometry",
    "config",
    "time_range",
    "weights",
    "threads",
    "stop_signals",
    "machine_limits",
    "",
}
# hotvid's own files: read and written by what knows other files, above the foundation.
STORED = {"stored"}
STAGES = {"io", "pose2d", "track", "lift", "post", "render", "export"}
# The two passes over a video: what the pipeline begins with, and what is done with its result.
PASSES = {"observing", "drawing"}
ABOVE = {
    "job",
    "outputs",
    "exports",
    "sources",
    "doctor",
    "report",
    "bench",
    "batch",
    "train",
    "evaluate",
}
# The models are to run anywhere torch does: no video, no files, no command line.
OF_MODELS = {"torch", "__future__", "collections", "copy", "dataclasses", "enum", "functools"}
OF_MODELS |= {"contextlib", "itertools", "math", "typing"}


def imported(path: Path) -> list[str]:
    """The dotted names that a file imports, wherever in it."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def part(dotted: str) -> str:
    """`hotvid.io.reader.VideoReader` -> `io`; `hotvid.__version__` -> ``."""
    name = dotted.split(".")[1] if "." in dotted else ""
    is_module = (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()
    return name if name and is_module else ""


def parts_used(path: Path) -> set[str]:
    return {part(name) for name in imported(path) if name.split(".")[0] == "hotvid"}


def may_use(own: str) -> set[str]:
    if own in FOUNDATION:
        return FOUNDATION
    if own in STORED:
        return FOUNDATION | STORED
    if own in {"io", "export"}:
        return FOUNDATION | STORED | {own}
    if own in STAGES:
        return FOUNDATION | {own}
    if own in PASSES:
        return FOUNDATION | STAGES | PASSES
    if own == "pipeline":
        return FOUNDATION | STORED | STAGES | PASSES
    if own in ABOVE:
        return FOUNDATION | STORED | STAGES | PASSES | ABOVE | {"pipeline"}
    return FOUNDATION | STORED | STAGES | PASSES | ABOVE | {"pipeline", "cli"}


def files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", files(), ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_imports_go_down(path):
    inside = path.relative_to(PACKAGE)
    own = inside.parts[0].removesuffix(".py")
    wrong = parts_used(path) - may_use(own)
    assert not wrong, f"{inside} must not import {sorted(wrong)}"


def test_every_part_has_its_place():
    known = (
        FOUNDATION
        | STORED
        | STAGES
        | PASSES
        | ABOVE
        | {"pipeline", "cli", "__init__", "__main__", "_weights"}
    )
    found = {p.relative_to(PACKAGE).parts[0].removesuffix(".py") for p in files()}
    assert found <= known, f"say where {sorted(found - known)} belongs"


def test_models_import_torch_and_nothing_of_video_or_files():
    checked = 0
    for path in sorted((PACKAGE / "lift" / "models").glob("*.py")):
        for name in imported(path):
            root = name.split(".")[0]
            if root == "hotvid":
                fine = name.startswith(("hotvid.lift.models", "hotvid.errors"))
                assert fine, f"{path.name} imports {name}"
            else:
                assert root in OF_MODELS, f"{path.name} imports {name}"
            checked += 1
    assert checked > 10


@pytest.mark.parametrize("module", ["hotvid", "hotvid.cli.main"])
def test_importing_is_quick(module):
    heavy = ["torch", "cv2", "matplotlib", "scipy", "ai_edge_litert"]
    code = f"import sys, {module}; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_wrong_import_would_be_seen(tmp_path):
    file = tmp_path / "x.py"
    file.write_text(
        "def f():\n    from hotvid.render.compose import Composer\n    import hotvid.io\n"
    )
    assert parts_used(file) == {"render", "io"}
    assert parts_used(file) - may_use("track") == {"render", "io"}
