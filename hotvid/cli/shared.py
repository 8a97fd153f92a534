"""Options that several commands share, declared once: a command says which it takes.

    @takes(SEEING, LIFTING)
    def export_json(source: ..., chosen: Chosen = CHOSEN, ...): configure(**chosen)

On the command line the options stand where `chosen` does; the command gets the values of those that
were given, by name, as `hotvid.config.configure` takes them. Groups of other things than settings
go to a parameter of their own: `@takes(WHO, of_file=(OF_FILE,))`.
"""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import typer

from hotvid.cli import options
from hotvid.config import CleanConfig, LiftConfig, Pose2DConfig, TrackConfig, WorldConfig

Chosen = Mapping[str, Any]
CHOSEN: Chosen = MappingProxyType({})  # what `takes` puts the values in place of
Group = Mapping[str, tuple[Any, Any]]  # name -> (annotation, default)

WHO: Group = {"person": (options.PersonChoice, TrackConfig.person)}
WHEN: Group = {"time_range": (options.TimeRange, None)}
# Of a video; of keypoints from a file, --fps is one of the things that it may not say.
RATE: Group = {"fps": (options.Fps, None)}
KEYPOINTS: Group = {"kpt_thr": (options.KptThr, TrackConfig.kpt_thr)}
FINDING: Group = {
    "bbox_thr": (options.BboxThr, Pose2DConfig.bbox_thr),
    **KEYPOINTS,
    "det_frequency": (options.DetFrequency, Pose2DConfig.det_frequency),
    "mode": (options.Mode, Pose2DConfig.mode),
    "pose2d": (options.Pose2D, Pose2DConfig.backend),
    "detector": (options.Detector, None),
}
LIFTING: Group = {
    "model": (options.LifterName, None),
    "weights": (options.WeightsFile, None),
    "device": (options.Device, LiftConfig.device),
    "tokens": (options.Tokens, None),
    "compile": (options.Compile, False),
    "precision": (options.Precision, LiftConfig.precision),
    "focal": (options.Focal, None),
    "swaps": (options.Swaps, LiftConfig.swaps),
}
# Of the lifter; where keypoints come from a file, --size is that of the picture.
BUILDING: Group = {"sizes": (options.LifterSizes, None)}
MOTION: Group = {
    "outliers": (options.Outliers, CleanConfig.outliers),
    "smooth": (options.Smooth, CleanConfig.smooth),
    "cutoff": (options.Cutoff, CleanConfig.cutoff_hz),
    "bones": (options.Bones, CleanConfig.bones),
    "height": (options.Height, None),
    "feet": (options.Feet, WorldConfig.feet),
}
EVERYTHING = (WHEN, RATE, WHO, FINDING, LIFTING, BUILDING, MOTION)

Command = Callable[..., None]


def takes(*settings: Group, **others: tuple[Group, ...]) -> Callable[[Command], Command]:
    """Give a command the options of `settings` in place of its parameter `chosen`, and those of
    each of `others` in place of the parameter of that name."""
    gathered: dict[str, Group] = {
        parameter: {name: option for group in groups for name, option in group.items()}
        for parameter, groups in {"chosen": settings, **others}.items()
    }

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def given(context: typer.Context, **values: Any) -> None:
            for parameter, options_of in gathered.items():
                of_group = {name: values.pop(name) for name in options_of}
                values[parameter] = {n: v for n, v in of_group.items() if _is_given(context, n)}
            command(**values)

        # Typer reads the signature, and the annotations beside it.
        hints = typing.get_type_hints(command, include_extras=True)
        parameters = [inspect.Parameter("context", _BY_NAME, annotation=typer.Context)]
        for name, parameter in inspect.signature(command).parameters.items():
            if name in gathered:
                parameters += [_option(*item) for item in gathered[name].items()]
            else:
                parameters.append(parameter.replace(annotation=hints[name], kind=_BY_NAME))
        given.__signature__ = inspect.Signature(parameters)
        given.__annotations__ = {p.name: p.annotation for p in parameters}
        return given

    return decorate


_BY_NAME = inspect.Parameter.KEYWORD_ONLY


def _is_given(context: typer.Context, name: str) -> bool:
    """Whether an option stands on the command line: also one that asks for what is the default."""
    return context.get_parameter_source(name).name == "COMMANDLINE"


def _option(name: str, option: tuple[Any, Any]) -> inspect.Parameter:
    annotation, default = option
    return inspect.Parameter(name, _BY_NAME, annotation=annotation, default=default)
