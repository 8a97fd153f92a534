"""The end of a training run: the averaged weights as a file, and what they are worth."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path

from hotvid.atomic import atomic_output
from hotvid.evaluate.as_json import as_json
from hotvid.lift.checkpoint import save_checkpoint
from hotvid.train.motions import are_cmus
from hotvid.train.trainer import Trainer, Validation

ACKNOWLEDGEMENT = (
    "The data used in this project was obtained from mocap.cs.cmu.edu. "
    "The database was created with funding from NSF EIA-0196217."
)
_UNKNOWN = "weights of unknown data"
LICENCE = "Apache-2.0; the motion data itself may not be resold"
_SETS = {"held_out": "held-out subjects", "training": "training motions"}


@dataclass(frozen=True)
class Finished:
    """What a run gave.

    measured_on  whose errors `validation` holds: `held_out`, or `training` where there are none.
    real         errors on calibrated cameras, if there were any.
    """

    weights: Path
    measured_on: str
    validation: Validation
    real: dict[str, float] | None

    def text(self) -> str:
        lines = [
            f"weights: {self.weights}",
            f"{_SETS[self.measured_on]}: N-MPJPE {self.validation.n_mpjpe_mm:.1f} mm, "
            f"PA-MPJPE {self.validation.pa_mpjpe_mm:.1f} mm",
        ]
        if self.real is not None:
            lines.append(
                f"real cameras: N-MPJPE {self.real['n_mpjpe_mm']:.1f} mm, "
                f"PA-MPJPE {self.real['pa_mpjpe_mm']:.1f} mm"
            )
        return "\n".join(lines)


def finish(trainer: Trainer, real: Path | None = None) -> Finished:
    """Write the averaged weights and `report.json` into the run's folder.

    real  a folder as `evaluate.real` wants it; measured with the balanced 2D model.
    """
    measured_on = "held_out" if trainer.held_out else "training"
    validation = trainer.validate()
    path = trainer.folder / f"{trainer.recipe.model}.safetensors"
    save_checkpoint(
        trainer.average,
        path,
        trainer.recipe.model,
        {
            "inputs": "body",
            "date": datetime.now(timezone.utc).date().isoformat(),
            "steps": str(trainer.step),
            "minutes": f"{trainer.trained_s / 60:.1f}",
            f"{measured_on}_n_mpjpe_mm": f"{validation.n_mpjpe_mm:.1f}",
            f"{measured_on}_pa_mpjpe_mm": f"{validation.pa_mpjpe_mm:.1f}",
            **_provenance(trainer),
        },
    )
    measured = _on_real(path, real) if real is not None else None
    report = {measured_on: asdict(validation), "real": measured}
    with atomic_output(trainer.folder / "report.json", overwrite=True) as temporary:
        temporary.write_text(as_json(report), encoding="utf-8")
    return Finished(path, measured_on, validation, measured)


def _provenance(trainer: Trainer) -> dict[str, str]:
    """Whose motions the weights are made of, and what follows from that, as metadata."""
    names, begun_with = trainer.trained_on, trainer.begun_with
    others = [] if begun_with is None else [begun_with]
    others += trainer.taught_by
    cmus = are_cmus(names)
    whose = "motion capture (BVH)"
    if cmus:
        subjects = sorted({name.partition("_")[0] for name in names}, key=int)
        whose = f"CMU {whose}, subjects {', '.join(subjects)}"
    # JSON: a file's name may hold commas, and bytes that are no text.
    notes = {"data": f"{whose}; motions: {len(names)}", "motions": json.dumps(names)}
    if trainer.held_out:
        notes["held_out_motions"] = json.dumps(trainer.held_out)
    if begun_with is not None:
        notes["begun_with"] = begun_with.get("data", _UNKNOWN)
    if trainer.taught_by:
        notes["taught_by"] = "; ".join(o.get("data", _UNKNOWN) for o in trainer.taught_by)
    if cmus or any("acknowledgement" in other for other in others):
        notes["acknowledgement"] = ACKNOWLEDGEMENT
    # Of weights made of anybody else's motions hotvid cannot say who may do what.
    if cmus and all(other.get("licence") == LICENCE for other in others):
        notes["licence"] = LICENCE
    return notes


def _on_real(weights: Path, data: Path) -> dict[str, float]:
    from hotvid.config import LiftConfig, PipelineConfig
    from hotvid.evaluate.real import evaluate_real, pipeline_estimate

    report = evaluate_real(
        data, pipeline_estimate(PipelineConfig(lift=LiftConfig(weights=str(weights))))
    )
    return {"n_mpjpe_mm": report.n_mpjpe_mm, "pa_mpjpe_mm": report.pa_mpjpe_mm}
