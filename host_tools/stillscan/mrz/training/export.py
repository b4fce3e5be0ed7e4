"""Calibrates a trained network on lines it has not seen and writes `weights/lines.onnx` with its card."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from stillscan.mrz.training import dataset, glyphs
from stillscan.mrz.training.net import Exported, LineNet, at_centres

WEIGHTS = Path(__file__).parents[1] / "weights"
_HELD_OUT_SEED = 1_000_003
_HELD_OUT_LINES = 640
_HELD_OUT_CUTS = 64


def _held_out(net: LineNet, fonts: list[Path]) -> tuple[Tensor, Tensor]:
    """Scores (k, 37) and classes (k,) of characters in lines and cuts that training never used."""
    cuts = glyphs.bank(fonts, _HELD_OUT_CUTS, _HELD_OUT_SEED)
    scores, classes = [], []
    with torch.no_grad():
        for index in range(_HELD_OUT_LINES):
            one = dataset.sample(cuts, _HELD_OUT_SEED, index)
            found = net(torch.from_numpy(one.pixels).float()[None, None])
            scores.append(at_centres(found, torch.from_numpy(one.centres_px)[None])[0])
            classes.append(torch.from_numpy(one.classes).long())
    known = torch.cat(classes) >= 0
    return torch.cat(scores)[known], torch.cat(classes)[known]


def temperature_for(scores: Tensor, classes: Tensor) -> float:
    """The divisor of the scores at which their cross entropy is least."""
    tried = np.arange(0.6, 2.01, 0.02)
    return float(min(tried, key=lambda value: float(F.cross_entropy(scores / value, classes))))


def export(net: LineNet, fonts: list[Path], card: dict[str, Any]) -> None:
    """Write the network as ONNX (dynamic number and width of lines) and its card; `card` says how it was trained."""
    scores, classes = _held_out(net.eval(), fonts)
    temperature = temperature_for(scores, classes)
    wrong = float((scores.argmax(1) != classes).float().mean())
    WEIGHTS.mkdir(exist_ok=True)
    torch.onnx.export(
        Exported(net, temperature),
        (torch.zeros(2, dataset.ROWS, dataset.COLUMNS, dtype=torch.uint8),),
        str(WEIGHTS / "lines.onnx"),
        input_names=["lines"],
        output_names=["log_probabilities", "centres"],
        dynamic_axes={
            "lines": {0: "n", 2: "width"},
            "log_probabilities": {0: "n", 1: "columns"},
            "centres": {0: "n", 1: "columns"},
        },
        opset_version=17,
        dynamo=False,
    )
    card |= {
        "date": datetime.now(UTC).date().isoformat(),
        "fonts": [font.name for font in fonts],
        "parameters": sum(weight.numel() for weight in net.parameters()),
        "temperature": round(temperature, 3),
        "held_out_character_error_rate": round(wrong, 5),
        "torch": torch.__version__,
    }
    (WEIGHTS / "lines.json").write_text(json.dumps(card, indent=2) + "\n")
