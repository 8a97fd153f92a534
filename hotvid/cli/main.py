"""The command line: the commands, and how each ending becomes one line and an exit status."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from hotvid import __version__
from hotvid.cli import (
    batch,
    bench,
    convert,
    doctor,
    evaluate,
    export,
    export_json,
    lift,
    models,
    report,
    run,
    train,
)
from hotvid.errors import (
    HotvidError,
    HotvidWarning,
    UsageError,
    in_one_line,
    is_of_a_package,
    is_short_of_memory,
    printable,
)
from hotvid.extras import quoted
from hotvid.stop_signals import ENDED, StopOnce

DONE, FAILED, WRONG_COMMAND_LINE, INTERRUPTED = 0, 1, 2, 130

# What the parser behind typer says, and what is meant.
_PLAINLY = {
    "Input should be a valid number, unable to parse string as a number": "no number, as 1.5 is",
    "Input should be a valid integer, unable to parse string as an integer": "no whole number",
}
# What typer raises for an option or argument it cannot take: the base of all its kinds of that.
_TyperUsageError = typer.BadParameter.__base__


class _OneLineErrors(TyperGroup):
    """A group of commands each of which ends in an exit status and at most one line of error."""

    def main(self, args: Sequence[str] | None = None, **settings: Any) -> NoReturn:
        given = [_at_home(word) for word in (sys.argv[1:] if args is None else args)]
        settings["standalone_mode"] = False
        with _warnings_as_lines():
            sys.exit(_ending(lambda: super(_OneLineErrors, self).main(given, **settings), given))

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except EOFError as error:
            raise _EndOfFileError from error


class _EndOfFileError(Exception):
    """An EOFError on its way past Typer, which takes each for Ctrl-D at a question of its own."""


app = typer.Typer(
    cls=_OneLineErrors,
    name="hotvid",
    help="Any video of people into 3D skeletons: offline, everyone in the picture.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"hotvid {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Say which version."),
    ] = False,
) -> None:
    pass


app.command("run")(run.run)
app.command("export-json")(export_json.export_json)
app.command("export")(export.export)
app.command("convert")(convert.convert)
app.command("report")(report.report)
app.command("lift")(lift.lift)
app.command("batch")(batch.batch)
app.add_typer(models.app, name="models")
app.command("train")(train.train)
app.command("doctor")(doctor.doctor)
app.add_typer(bench.app, name="bench")
app.add_typer(evaluate.app, name="eval")


def main() -> NoReturn:
    """Entry point of the command `hotvid`."""
    _open_standard_streams()
    stop = StopOnce()
    stop.install()
    if "--debug" not in sys.argv:
        stop.keep_quiet()
        _silence_libraries()
    try:
        app(prog_name="hotvid")
    except SystemExit as ended:
        if ended.code in (INTERRUPTED, *ENDED):
            # Python itself ends with no handlers: one more Ctrl-C would change the status.
            stop.hear_no_more()
        raise


def _open_standard_streams() -> None:
    """What the shell closed (`2>&-`) leads nowhere instead.

    Else the next file that is opened would get its number, and what is printed go elsewhere.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is not None:
            continue
        nowhere = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
        os.set_inheritable(nowhere, True)
        setattr(sys, name, os.fdopen(nowhere, "r" if number == 0 else "w", encoding="utf-8"))
    # Files may have names that a console or a log on Windows has no letters for.
    sys.stdout.reconfigure(errors="backslashreplace")


def _silence_libraries() -> None:
    """Keep stderr for hotvid's own lines: what native libraries write to it goes nowhere.

    LiteRT announces its CPU kernels there, decoders every blemish of a file, and no setting of
    theirs stops all of it. Warnings in logs (torch's compiler has some) are for developers, too.
    """
    logging.disable(logging.WARNING)
    own = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    sys.stderr = open(  # noqa: SIM115 PTH123 open as long as the process lives
        own, "w", encoding=sys.stderr.encoding, errors="backslashreplace", buffering=1
    )


def _at_home(word: str) -> str:
    """`--out=~/a.mp4`, in which shells leave the `~` as it is: a folder would get that name."""
    option, equals, value = word.partition("=")
    if option.startswith("--") and equals and re.match("~(/|$)", value):
        return f"{option}={Path.home()}{value[1:]}"
    return word


def _ending(work: Any, given: list[str]) -> int:
    """Do `work`; say on stderr in one line what stopped it, if anything did."""
    debug = "--debug" in given
    try:
        status = work()
    except _TyperUsageError as error:
        if not error.format_message():  # no arguments: the help has been shown instead
            return WRONG_COMMAND_LINE
        said = f"{_sentence(error.format_message())}; {_help_of(error, given)}"
        return _stop(said, WRONG_COMMAND_LINE)
    except UsageError as error:
        return _stop(str(error), WRONG_COMMAND_LINE, debug=debug)
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except SystemExit as ended:
        return _interrupted(ended.code) if ended.code in ENDED else ended.code
    except Exception as error:  # noqa: BLE001 the last resort: a person, not a traceback, reads it
        error = error.__cause__ if isinstance(error, _EndOfFileError) else error
        known = isinstance(error, (HotvidError, OSError)) or is_short_of_memory(error)
        known = known or is_of_a_package(error)
        hint = "" if known or debug else "; run it again with --debug and report what it prints"
        return _stop(f"{in_one_line(error)}{hint}", FAILED, debug=debug)
    # Typer turns Ctrl-C into this status where it meets it first.
    return _interrupted(status) if status in (INTERRUPTED, *ENDED) else status or DONE


def _stop(message: str, status: int, *, debug: bool = False) -> int:
    if debug:
        traceback.print_exc()
    _say(f"error: {printable(message)}")
    return status


def _interrupted(status: int = INTERRUPTED) -> int:
    _say("interrupted: nothing half-written is left")
    return status


def _say(line: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may be gone
        print(line, file=sys.stderr)


def _sentence(message: str) -> str:
    """Typer's message as the middle of a line: no capital, no full stop, nothing of its parser."""
    for parser_s, ours in _PLAINLY.items():
        message = message.replace(parser_s, ours)
    return message[:1].lower() + message[1:].rstrip(".")


def _help_of(error: Any, given: list[str]) -> str:
    of_no_command = error.ctx is not None and error.ctx.parent is None
    if of_no_command and given and Path(given[0]).is_file():
        return f"for a video or poses use: hotvid run {quoted(given[0])} --out FILE.mp4"
    command = "hotvid"
    if error.ctx is not None:
        command = error.ctx.command_path
    elif given and given[0] in {one.name for one in app.registered_commands}:
        command = f"hotvid {given[0]}"  # an error of the words themselves knows of no command
    return f"see: {command} --help"


@contextlib.contextmanager
def _warnings_as_lines() -> Iterator[None]:
    """Every HotvidWarning as one line on stderr, once each; other kinds are not for users."""
    said: set[str] = set()

    def show(message: Warning | str, *place: Any, **more: Any) -> None:
        line = printable(str(message))
        if line not in said:
            said.add(line)
            _say(f"warning: {line}")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", HotvidWarning)
        warnings.showwarning = show
        yield
