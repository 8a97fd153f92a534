"""Files whose names are the trouble, and things that are not files.

To add a name: a line in `NAMES`.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

from case import ERROR, RESULT, RUN, Case, Workshop, partial
from videos import WHOLE

NAMES = {
    "spaces": "  two  spaces .mp4",
    "quotes": 'it\'s "quoted" `so`.mp4',
    "a newline": "two\nlines.mp4",
    "a carriage return": "two\rlines.mp4",
    "a tab": "a\ttab.mp4",
    "an escape": "\x1b[31mred\x1b[0m.mp4",
    "a bell": "\x07.mp4",
    "umlauts": "Größe äöü.mp4",
    "combining marks": "u\u0308 e\u0301.mp4",
    "right to left": "\u202egpm.4pm.mp4",
    "emoji": "💃🏽‍♀️.mp4",
    "Chinese": "视频.mp4",
    "no Unicode": "\udcff\udcfe.mp4",
    "a leading dash": "-x.mp4",
    "an option": "--out=x.mp4",
    "a percent": "100%.mp4",
    "a number's place": "%03d.mp4",
    "a date's place": "%Y.mp4",
    "a star": "*.mp4",
    "brackets": "[a-z]?.mp4",
    "braces": "{source}.mp4",
    "a protocol": "concat:a.mp4",
    "another protocol": "file:a.mp4",
    "a pipe": "|touch hacked.mp4",
    "a shell": "$(touch hacked);`touch hacked`.mp4",
    "backslashes": "a\\b\\n.mp4",
    "a colon": "12:30:00.mp4",
    "a semicolon": "a;b,c.mp4",
    "an equals sign": "a=b.mp4",
    "a hash": "#1.mp4",
    "an ampersand": "a&b<c>.mp4",
    "a trailing dot": "a.",
    "a trailing space": "a.mp4 ",
    "nothing but a suffix": ".mp4",
    "dots": "...mp4",
    "upper case": "A.MP4",
    "no suffix": "video",
    "two suffixes": "a.npz.mp4",
    "255 bytes": "x" * 251 + ".mp4",
    "a device of Windows": "CON.mp4",
    "markup": "[bold red]a[bold].mp4",
    "a format's place": "{0}%s%n.mp4",
}


def named(name: str, workshop: Workshop) -> Path:
    return workshop.write(name, workshop.clip("h264.mp4", *WHOLE["h264.mp4"]))


def text_named(name: str, workshop: Workshop) -> Path:
    return workshop.write(name, "this is no video\n" * 20)


def link(target: str, workshop: Workshop) -> Path:
    path = workshop.folder / "link.mp4"
    path.symlink_to(target)
    return path


def link_to_video(workshop: Workshop) -> Path:
    named("real.mp4", workshop)
    return link("real.mp4", workshop)


def folder(workshop: Workshop) -> Path:
    path = workshop.folder / "folder.mp4"
    path.mkdir()
    return path


def pipe(workshop: Workshop) -> Path:
    path = workshop.folder / "pipe.mp4"
    os.mkfifo(path)
    return path


def socket_file(workshop: Workshop) -> Path:
    path = workshop.folder / "s.mp4"
    before = Path.cwd()
    os.chdir(workshop.folder)  # its name may have only 108 bytes
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.chdir(before)
    return path


def unreadable(workshop: Workshop) -> Path:
    path = named("unreadable.mp4", workshop)
    path.chmod(0)
    return path


def in_unreadable_folder(workshop: Workshop) -> Path:
    path = workshop.folder / "locked" / "a.mp4"
    path.parent.mkdir()
    path.write_bytes(workshop.clip("h264.mp4", *WHOLE["h264.mp4"]))
    path.parent.chmod(0)
    return path


def missing(name: str, workshop: Workshop) -> Path:
    return workshop.folder / name


BATCH = ("batch", "{folder}", "--out-dir", "{out}", "--mode", "fast", "--format", "json")


def tree(workshop: Workshop) -> Path:
    """A folder with a bit of everything, for `hotvid batch`."""
    for name in NAMES.values():
        if len(os.fsencode(name)) < 200:
            text_named(name, workshop)
    named("fine.mp4", workshop)
    link("link.mp4", workshop).rename(workshop.folder / "loop.mp4")
    (workshop.folder / "down").mkdir()
    (workshop.folder / "down" / "up").symlink_to(workshop.folder)
    pipe(workshop)
    return workshop.folder


def cases() -> list[Case]:
    # Names with a leading dash are paths here, as a shell's ./* gives them.
    found = [Case("name", what, partial(named, n), want=RESULT) for what, n in NAMES.items()]
    found += [
        Case("bad name", what, partial(text_named, n), want=ERROR) for what, n in NAMES.items()
    ]
    # And here they are given bare, after the -- that ends the options.
    bare = ("--quiet", "--out", "{out}/o.mp4", "--json", "{out}/o.json", "--mode", "fast", "--")
    for what in ("a leading dash", "an option", "a protocol", "another protocol", "a colon"):
        words = ("run", *bare, "{name}")
        found.append(Case("bare name", what, partial(named, NAMES[what]), words, RESULT))
    own = {
        "a link to itself": partial(link, "link.mp4"),
        "a link to nothing": partial(link, "nothing.mp4"),
        "a link to a folder": partial(link, "."),
        "a link to zeros": partial(link, "/dev/zero"),
        "a link to noise": partial(link, "/dev/urandom"),
        "a link to nowhere": partial(link, "/dev/null"),
        "a link to stdin": partial(link, "/dev/stdin"),
        "a link to this process": partial(link, "/proc/self/exe"),
        "a link to its memory": partial(link, "/proc/self/mem"),
        "a link to the passwords": partial(link, "/etc/passwd"),
        "a folder": folder,
        "a pipe": pipe,
        "a socket": socket_file,
        "nothing": partial(missing, "missing.mp4"),
        "a name that is too long": partial(missing, "x" * 300 + ".mp4"),
        "a path that is too long": partial(missing, "x/" * 3000 + "a.mp4"),
        "a zero byte": partial(missing, "a\0b.mp4"),
        "an empty name": partial(missing, ""),
        "a file as a folder": lambda w: text_named("a.mp4", w) / "b.mp4",
    }
    found += [Case("no file", what, make, want=ERROR) for what, make in own.items()]
    found.append(Case("no file", "a link to a video", link_to_video, want=RESULT))
    found.append(Case("no file", "one that may not be read", unreadable))
    found.append(Case("no file", "one in a folder that may not be read", in_unreadable_folder))
    found.append(Case("tree", "a bit of everything", tree, (*BATCH, "--recursive", "--glob", "*")))
    return found


__all__ = ["RUN", "cases"]
