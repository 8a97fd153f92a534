"""The manifest survives whatever ends its writer, and believes nothing that is not its own."""

import json
from dataclasses import replace

import pytest

from hotvid.batch.manifest import DONE, FAILED, STARTED, Entry, Manifest, is_results
from hotvid.batch.settings import of_video
from hotvid.errors import InputError

ENTRY = Entry(
    input="/in/vidéo 'x'\n\udcff.mp4",
    folder="x.mp4",
    state=DONE,
    size=7,
    mtime_ns=1_700_000_000_123_456_789,
    content_sha256="ab" * 32,
    settings="cd" * 32,
    version="1.2",
    formats=("json", "mp4"),
    outputs=("poses.json", "skeleton.mp4"),
    made_of="ef" * 32,
    begun=1.5,
    wall_s=2.5,
    frames=30,
    video_s=1.0,
    people=2,
    warnings=("zwölf",),
)
START = '{"schema": "hotvid-batch/1", "input": "a"'


def lines(folder):
    return (folder / "manifest.jsonl").read_bytes().split(b"\n")


def test_entries_come_back_and_the_last_line_counts(tmp_path):
    manifest = Manifest(tmp_path)
    assert not manifest.exists and manifest.entries == {}
    other = replace(ENTRY, input="/in/y.mp4", folder="y.mp4", state=FAILED, error="it broke")
    for entry in (replace(ENTRY, state=STARTED), other, ENTRY):
        manifest.add(entry)
    again = Manifest(tmp_path)
    assert again.exists and again.entries == manifest.entries
    assert again.entries == {ENTRY.input: ENTRY, other.input: other}
    assert len(lines(tmp_path)) == 4 and lines(tmp_path)[-1] == b""
    assert [json.loads(line)["state"] for line in lines(tmp_path)[:3]] == [STARTED, FAILED, DONE]


def test_lines_of_earlier_versions_say_what_their_outputs_were_made_of(tmp_path):
    manifest = Manifest(tmp_path)
    failed = replace(ENTRY, input="/in/y.mp4", folder="y.mp4", state=FAILED, made_of="", outputs=())
    for entry in (ENTRY, failed):
        manifest.add(entry)
    plain = [json.loads(line) for line in lines(tmp_path)[:2]]
    texts = [json.dumps({k: v for k, v in p.items() if k != "made_of"}) for p in plain]
    (tmp_path / "manifest.jsonl").write_text("\n".join(texts) + "\n")
    key = of_video(ENTRY.settings, ENTRY.content_sha256)
    assert list(Manifest(tmp_path).entries.values()) == [replace(ENTRY, made_of=key), failed]


@pytest.mark.parametrize("cut", [1, 2, 20, 40, -1])
def test_a_line_that_broke_off_is_no_line(tmp_path, cut):
    Manifest(tmp_path).add(ENTRY)
    whole = lines(tmp_path)[0]
    with (tmp_path / "manifest.jsonl").open("ab") as file:
        file.write(whole.replace(b'"done"', b'"failed"')[:cut])
    manifest = Manifest(tmp_path)
    assert manifest.entries == {ENTRY.input: ENTRY}
    second = replace(ENTRY, input="/in/z.mp4")
    manifest.add(second)
    assert Manifest(tmp_path).entries == {ENTRY.input: ENTRY, second.input: second}


@pytest.mark.parametrize(
    "spoilt",
    [
        b"\x00\xff\xfe",
        b"null",
        b"[1, 2]",
        b"{}",
        START + "}",
        START + ', "folder": 3, "state": "done"}',
        START + ', "folder": "x", "state": "done", "outputs": 1}',
        START + ', "folder": "x", "state": "done", "size": "1"}',
        START + ', "folder": "x", "state": "done", "made_of": 1}',
        START + ', "folder": "../x", "state": "done"}',
        START + ', "folder": "/x", "state": "done"}',
        START + ', "folder": "C:/x", "state": "done"}',
        b"[" * 100_000,
    ],
    ids=range(13),
)
def test_a_spoilt_line_is_passed_over(tmp_path, spoilt):
    spoilt = spoilt if isinstance(spoilt, bytes) else spoilt.encode()
    (tmp_path / "manifest.jsonl").write_bytes(spoilt + b"\n")
    assert Manifest(tmp_path).entries == {}


@pytest.mark.parametrize("version", [2, 10])
def test_a_manifest_of_a_later_version_is_refused(tmp_path, version):
    line = f'{{"schema": "hotvid-batch/{version}", "input": "a", "folder": "b", "state": "done"}}'
    (tmp_path / "manifest.jsonl").write_text(line + "\n")
    with pytest.raises(InputError, match=r"line 1 .*hotvid-batch/1; update hotvid"):
        Manifest(tmp_path)


def test_other_programs_manifests_are_no_results(tmp_path):
    (tmp_path / "manifest.jsonl").write_text('{"image": "a.png"}\n')
    assert not is_results(tmp_path) and not is_results(tmp_path / "nowhere")
    (tmp_path / "manifest.jsonl").unlink()
    Manifest(tmp_path).add(ENTRY)
    assert is_results(tmp_path)


@pytest.mark.parametrize(
    ("folder", "is_own"),
    [("2024-01-01 12:30:45.mp4", True), ("a/b: c.mp4", True), ("C:", False), ("c:x/y", False)],
)
def test_a_name_with_a_colon_is_no_drive(tmp_path, folder, is_own):
    Manifest(tmp_path).add(replace(ENTRY, folder=folder))
    assert bool(Manifest(tmp_path).entries) == is_own
