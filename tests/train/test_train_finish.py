"""What a run's files say of the motions it was made of."""

import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors import safe_open

from hotvid.lift.checkpoint import load_checkpoint
from hotvid.train.finish import ACKNOWLEDGEMENT, LICENCE, finish
from hotvid.train.motions import Motion, are_cmus
from hotvid.train.recipe import Recipe, WindowKind
from hotvid.train.trainer import Trainer

SIZES = (("channel", 16), ("mlp_hidden", 32), ("depth", 2), ("heads", 2))
RECIPE = Recipe(
    sizes=(*SIZES, ("frames", 9), ("token_num", 3)),
    windows=(WindowKind(9, (3,), 2, 1.0, (1, 1)),),
    threads=1,
)


def trainer_of(folder, *names):
    rng = np.random.default_rng(0)
    xyz = rng.normal(0, 0.4, (1, 17, 3)) + rng.normal(0, 0.01, (60, 17, 3)).cumsum(0)
    return Trainer(folder, RECIPE, [Motion(name, xyz.astype(np.float32), 120.0) for name in names])


def metadata(done):
    with safe_open(done.weights, "pt") as file:
        return file.metadata()


def test_cmus_motions_are_acknowledged_and_measured_on_those_held_out(tmp_path):
    done = finish(trainer_of(tmp_path, "01_02", "01_10", "05_01", "09_01", "13_30"))
    notes = metadata(done)
    assert notes["data"] == "CMU motion capture (BVH), subjects 01, 05; motions: 3"
    assert json.loads(notes["motions"]) == ["01_02", "01_10", "05_01"]
    assert json.loads(notes["held_out_motions"]) == ["09_01", "13_30"]
    assert notes["acknowledgement"] == ACKNOWLEDGEMENT and notes["licence"] == LICENCE
    assert float(notes["held_out_n_mpjpe_mm"]) == pytest.approx(
        done.validation.n_mpjpe_mm, abs=0.06
    )
    assert "training_n_mpjpe_mm" not in notes
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["held_out"]["n_mpjpe_mm"] == done.validation.n_mpjpe_mm
    assert done.text().splitlines()[1].startswith("held-out subjects: N-MPJPE ")


def test_motions_of_ones_own_are_called_neither_cmus_nor_held_out(tmp_path):
    # A name may hold bytes that are no text.
    names = ["walk", "jump, high", "caf\udce9"]
    done = finish(trainer_of(tmp_path, *names))
    notes = metadata(done)
    assert notes["data"] == "motion capture (BVH); motions: 3"
    assert json.loads(notes["motions"]) == names
    assert not notes.keys() & {"acknowledgement", "licence", "held_out_motions"}
    assert [key for key in notes if key.startswith("held_out")] == []
    assert float(notes["training_pa_mpjpe_mm"]) == pytest.approx(
        done.validation.pa_mpjpe_mm, abs=0.06
    )
    assert json.loads((tmp_path / "report.json").read_text()).keys() == {"training", "real"}
    assert done.text().splitlines()[1].startswith("training motions: N-MPJPE ")
    assert load_checkpoint(done.weights)[1]["inputs"] == "body"


def test_weights_that_began_with_cmus_still_acknowledge_them(tmp_path):
    cmus = finish(trainer_of(tmp_path / "a", "01_01"))
    first = trainer_of(tmp_path / "b", "walk")
    first.start_from(cmus.weights)
    first.save()
    again = trainer_of(tmp_path / "b", "walk")
    again.resume()
    for trainer in (first, again):
        notes = metadata(finish(trainer))
        assert notes["data"] == "motion capture (BVH); motions: 1"
        assert notes["begun_with"] == "CMU motion capture (BVH), subjects 01; motions: 1"
        assert notes["acknowledgement"] == ACKNOWLEDGEMENT and "licence" not in notes
    after = trainer_of(tmp_path / "c", "01_01")
    after.start_from(tmp_path / "b" / "hot-mixste-s.safetensors")
    assert "licence" not in metadata(finish(after))


@pytest.mark.parametrize(
    ("names", "answer"),
    [
        (["01_01", "14_37", "114_02"], True),
        (["01_01", "walk"], False),
        (["1_1"], False),
        (["01_01_take2"], False),
        (["09_walk"], False),
    ],
)
def test_cmus_motions_are_told_by_their_names(names, answer):
    assert are_cmus(names) is answer


def test_weights_that_learned_from_others_say_whose_they_were(tmp_path):
    cmus = finish(trainer_of(tmp_path / "a", "01_01"))
    own = finish(trainer_of(tmp_path / "b", "walk"))

    def taught_by(folder, *files):
        recipe = replace(RECIPE, teachers=tuple(map(str, files)))
        motions = [Motion("05_01", np.random.default_rng(1).normal(0, 0.4, (60, 17, 3)), 120.0)]
        return metadata(finish(Trainer(tmp_path / folder, recipe, motions)))

    notes = taught_by("c", cmus.weights)
    assert notes["taught_by"] == "CMU motion capture (BVH), subjects 01; motions: 1"
    assert notes["licence"] == LICENCE
    notes = taught_by("d", cmus.weights, own.weights)
    assert notes["taught_by"].endswith("; motion capture (BVH); motions: 1")
    assert notes["acknowledgement"] == ACKNOWLEDGEMENT and "licence" not in notes


def test_a_resumed_run_with_other_teachers_remembers_the_first(tmp_path):
    cmus = finish(trainer_of(tmp_path / "a", "01_01"))
    own = finish(trainer_of(tmp_path / "b", "walk"))
    motions = [Motion("05_01", np.random.default_rng(1).normal(0, 0.4, (60, 17, 3)), 120.0)]

    def run_taught_by(teacher):
        recipe = replace(RECIPE, teachers=(str(teacher.weights),))
        return Trainer(tmp_path / "run", recipe, motions)

    run_taught_by(own).save()
    resumed = run_taught_by(cmus)
    resumed.resume()
    notes = metadata(finish(resumed))
    said = [metadata(one)["data"] for one in (cmus, own)]
    assert notes["taught_by"] == "; ".join(said) and "licence" not in notes
