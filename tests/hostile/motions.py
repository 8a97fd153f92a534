"""Motion capture that is malformed, for `hotvid train`.

To add one: a line in `SPOILT` for what a BVH file may hold, in `ARCHIVES` for what it may lie in.
None may be whole: it would be trained on.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

from case import ERROR, TRAIN, Case, Workshop, cut, partial
from small_data_sets import write_bvh

NAME = "walk.bvh"


def replaced(was: str, becomes: str, whole: str) -> str:
    assert was in whole
    return whole.replace(was, becomes, 1)


SPOILT: dict[str, Callable[[str], str | bytes]] = {
    "nothing": lambda whole: "",
    "zeros": lambda whole: bytes(1000),
    "bytes that are no text": lambda whole: b"\xff\xfe\x00\x01" * 50,
    "UTF-16": lambda whole: whole.encode("utf-16"),
    "two words": lambda whole: "HIERARCHY MOTION",
    "no motion": lambda whole: whole.partition("MOTION")[0],
    "no hierarchy": lambda whole: "HIERARCHY MOTION" + whole.partition("MOTION")[2],
    "no rows": lambda whole: whole.partition("0.0083333")[0] + "0.0083333",
    "a hierarchy that ends": lambda whole: cut(whole, 0.05) + " MOTION Frame Time: 1\n0",
    "a row that ends": lambda whole: whole.rstrip()[:-1],
    "10^5 open braces": partial(replaced, "ROOT", "{ " * 10**5 + " ROOT"),
    "10^5 closed braces": partial(replaced, "ROOT", "} " * 10**5 + " ROOT"),
    "10^5 end sites in each other": partial(replaced, "JOINT", "End Site { " * 10**5 + " JOINT"),
    "10^4 joints in each other": partial(replaced, "JOINT", "JOINT a { " * 10**4 + " JOINT"),
    "10^9 channels": partial(replaced, "CHANNELS 6", "CHANNELS 1000000000"),
    "-1 channels": partial(replaced, "CHANNELS 6", "CHANNELS -1"),
    "channels of text": partial(replaced, "CHANNELS 6", "CHANNELS six"),
    "an unknown channel": partial(replaced, "Xposition", "Wposition"),
    "channels before the joints": partial(replaced, "ROOT", "CHANNELS 1 Xposition ROOT"),
    "an offset of text": partial(replaced, "OFFSET 0 0 0", "OFFSET a b c"),
    "an offset of NaN": partial(replaced, "OFFSET 0 0 0", "OFFSET nan nan nan"),
    "an offset of 10^300": partial(replaced, "OFFSET 0 0 0", "OFFSET 1e300 0 0"),
    "a frame time of 0": partial(replaced, "0.0083333", "0"),
    "a frame time of -0": partial(replaced, "0.0083333", "-0.0"),
    "a frame time of NaN": partial(replaced, "0.0083333", "nan"),
    "a frame time of 10^-310": partial(replaced, "0.0083333", "1e-310"),
    "a frame time of text": partial(replaced, "0.0083333", "\x1b[31msoon\x07\u202e"),
    "a number of text": partial(replaced, "0 95 0", "0 x 0"),
    "a number of NaN": partial(replaced, "0 95 0", "0 nan 0"),
    "a number of 10^5 digits": partial(replaced, "0 95 0", f"0 {'9' * 10**5} 0"),
    "a number of 10^300": partial(replaced, "0 95 0", "0 1e300 0"),
    "another body": partial(replaced, "rThigh", "leg"),
    "a name that turns the text": partial(replaced, "rThigh", "\u202e\x1b[31m"),
}


def whole(workshop: Workshop) -> str:
    data = workshop.once(NAME, lambda path: write_bvh(path.parent, [path.stem], n_frames=20))
    return data.decode()


def spoilt(how: Callable[[str], str | bytes], workshop: Workshop) -> Path:
    workshop.write(NAME, how(whole(workshop)))
    return workshop.folder


def packed(workshop: Workshop, kind: str, name: str = NAME, **entry: object) -> bytes:
    """A tar archive of one good motion, whose entry has these attributes."""
    data = whole(workshop).encode()
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for attribute, value in entry.items():
        setattr(info, attribute, value)
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode=f"w:{kind}") as tar:
        tar.addfile(info, io.BytesIO(data))
    return held.getvalue()


def middle_gone(data: bytes) -> bytes:
    return data[: len(data) // 2] + bytes(40) + data[len(data) // 2 + 40 :]


ARCHIVES: dict[str, Callable[[Workshop], bytes]] = {
    **{
        f"{kind or 'tar'} cut at {share:g}": partial(
            lambda kind, share, workshop: cut(packed(workshop, kind), share), kind, share
        )
        for kind in ("", "gz", "bz2", "xz")
        for share in (0.01, 0.1, 0.3)
    },
    **{
        f"{kind} with a hole": partial(
            lambda kind, workshop: middle_gone(packed(workshop, kind)), kind
        )
        for kind in ("gz", "bz2", "xz")
    },
    "one that leads out": lambda w: packed(w, "gz", "../../hacked.bvh"),
    "one that leads to the root": lambda w: packed(w, "", "/hacked.txt"),
    "a link to the passwords": lambda w: packed(
        w, "", type=tarfile.SYMTYPE, linkname="/etc/passwd", size=0
    ),
    "a link to itself": lambda w: packed(w, "", type=tarfile.SYMTYPE, linkname=NAME, size=0),
    "a hard link to nothing": lambda w: packed(w, "", type=tarfile.LNKTYPE, linkname="x", size=0),
    "a device": lambda w: packed(w, "", type=tarfile.CHRTYPE, size=0),
    "a pipe": lambda w: packed(w, "", type=tarfile.FIFOTYPE, size=0),
    "a folder": lambda w: packed(w, "", type=tarfile.DIRTYPE, size=0),
    "a name that is too long": lambda w: packed(w, "", "x" * 300 + ".bvh"),
    "another kind of file": lambda w: packed(w, "", "walk.txt"),
    "noise": lambda w: w.chance.randbytes(5_000),
    "nothing": lambda w: b"",
    "a broken motion": lambda w: packed(w, "", size=3000),
}


def archive(make: Callable[[Workshop], bytes], workshop: Workshop) -> Path:
    return workshop.write("motions.tar", make(workshop))


def cases() -> list[Case]:
    made = [("motion", what, partial(spoilt, how)) for what, how in SPOILT.items()]
    made += [
        ("archive of motions", what, partial(archive, make)) for what, make in ARCHIVES.items()
    ]
    return [Case(*each, TRAIN, ERROR) for each in made]
