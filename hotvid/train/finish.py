"""The end of a training run: the averaged weights as a file, and what they are worth."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path

from hotvid.lift.checkpoint import save_checkpoint
from hotvid.train.trainer import Trainer, Validation

ACKNOWLEDGEMENT = (
    "The data used in this project was obtained from mocap.cs.cmu.edu. "
    "The database was created with funding from NSF EIA-0196217."
)


@dataclass(frozen=True)
class Finished:
    """What a run gave."""

    weights: Path
    held_out: Validation
    real: dict[str, float] | None

    def text(self) -> str:
        lines = [
            f"weights: {self.weights}",
            f"held-out subjects: N-MPJPE {self.held_out.n_mpjpe_mm:.1f} mm, "
            f"PA-MPJPE {self.held_out.pa_mpjpe_mm:.1f} mm",
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
    held_out = trainer.validate()
    path = trainer.folder / f"{trainer.recipe.model}.safetensors"
    save_checkpoint(
        trainer.average,
        path,
        trainer.recipe.model,
        {
            "inputs": "body",
            "data": "CMU motion capture (BVH), subjects 01 to 14 without 09 and 13",
            "acknowledgement": ACKNOWLEDGEMENT,
            "date": datetime.now(timezone.utc).date().isoformat(),
            "steps": str(trainer.step),
            "minutes": f"{trainer.trained_s / 60:.1f}",
            "held_out_n_mpjpe_mm": f"{held_out.n_mpjpe_mm:.1f}",
            "held_out_pa_mpjpe_mm": f"{held_out.pa_mpjpe_mm:.1f}",
            "licence": "Apache-2.0; the motion data itself may not be resold",
        },
    )
    measured = _on_real(path, real) if real is not None else None
    report = {"held_out": asdict(held_out), "real": measured}
    (trainer.folder / "report.json").write_text(json.dumps(report, indent=2), encoding="utf-8")
    return Finished(path, held_out, measured)


def _on_real(weights: Path, data: Path) -> dict[str, float]:
    from hotvid.config import LiftConfig, PipelineConfig
    from hotvid.evaluate.real import evaluate_real, pipeline_estimate

    report = evaluate_real(
        data, pipeline_estimate(PipelineConfig(lift=LiftConfig(weights=str(weights))))
    )
    return {"n_mpjpe_mm": report.n_mpjpe_mm, "pa_mpjpe_mm": report.pa_mpjpe_mm}
