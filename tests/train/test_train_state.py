"""The files of a training run's folder, whole or not at all."""

import json
import re
from dataclasses import replace

import pytest
import torch
from test_train_finish import trainer_of

from hotvid.errors import OutputError
from hotvid.train.finish import finish
from hotvid.train.state import add_to_log, read_training_state, write_training_state


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_state_comes_back_as_it_was(tmp_path):
    write_training_state(tmp_path, {"step": 3, "model": {"a": torch.arange(4.0)}})
    write_training_state(tmp_path, {"step": 4, "model": {"a": torch.arange(5.0)}})
    state = read_training_state(tmp_path, "step")
    assert state["step"] == 4 and state["model"]["a"].tolist() == [0, 1, 2, 3, 4]
    assert names(tmp_path) == ["state.pt"]


def test_a_full_disk_leaves_the_former_state(tmp_path, small_files):
    write_training_state(tmp_path, {"step": 3})
    said = f"cannot write '{tmp_path / 'state.pt'}': File too large"
    with small_files(), pytest.raises(OutputError, match=re.escape(said)):
        write_training_state(tmp_path, {"step": 4, "model": torch.zeros(10_000)})
    assert read_training_state(tmp_path, "step") == {"step": 3}
    assert names(tmp_path) == ["state.pt"]


def test_the_log_is_added_to(tmp_path, small_files):
    for step in (1, 2):
        add_to_log(tmp_path, {"step": step})
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [{"step": 1}, {"step": 2}]
    with small_files(), pytest.raises(OutputError, match=r"log\.jsonl': File too large"):
        add_to_log(tmp_path, {"notes": "x" * 10_000})


def test_a_run_on_a_full_disk_ends_in_one_line_and_leaves_what_was_there(tmp_path, small_files):
    trainer = trainer_of(tmp_path, "walk")
    trainer.recipe = replace(trainer.recipe, minutes=0.0001)
    (tmp_path / "hot-mixste-s.safetensors").write_bytes(b"of a former run")
    for work in (trainer.run, lambda: finish(trainer)):
        with small_files(), pytest.raises(OutputError, match="File too large"):
            work()
    assert (tmp_path / "hot-mixste-s.safetensors").read_bytes() == b"of a former run"
    assert names(tmp_path) == ["hot-mixste-s.safetensors"]


def test_what_a_killed_run_left_half_written_is_gone_when_it_is_gone_on_with(tmp_path):
    trainer = trainer_of(tmp_path, "walk")
    trainer.save()
    (tmp_path / ".hotvid-0123456789ab.pt").write_bytes(b"half")
    trainer.resume()
    assert names(tmp_path) == ["state.pt"]
