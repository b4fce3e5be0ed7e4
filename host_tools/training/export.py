"""Calibrates a trained network on lines it has not seen and writes it as `weights/NAME.onnx` with its card."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from training import dataset, glyphs
from training.net import Exported, LineNet, at_centres

WEIGHTS = Path(__file__).parents[1] / "stillscan" / "mrz" / "weights"
_HELD_OUT_SEED = 1_000_003
_HELD_OUT_LINES = 640
_HELD_OUT_CUTS = 64
_KEPT = ("lines", "log_probabilities", "centres")
"""Names of what goes in and comes out."""
_SMALL = 256
"""Tables with fewer values stay in single precision."""
_MOST = 127
"""Greatest value of a byte with a sign."""
STORED = "bytes, a step for each row"
"""How cards tell what `small` does."""


def _held_out(net: LineNet, fonts: list[Path], *, hard: bool, broad: bool) -> tuple[Tensor, Tensor]:
    """Scores (k, 37) and classes (k,) of characters in lines and cuts that training never used."""
    cuts = glyphs.bank(fonts, _HELD_OUT_CUTS, _HELD_OUT_SEED)
    scores, classes = [], []
    with torch.no_grad():
        for index in range(_HELD_OUT_LINES):
            one = dataset.sample(cuts, _HELD_OUT_SEED, index, hard=hard, broad=broad)
            found = net(torch.from_numpy(one.pixels).float()[None, None])
            scores.append(at_centres(found, torch.from_numpy(one.centres_px)[None])[0])
            classes.append(torch.from_numpy(one.classes).long())
    known = torch.cat(classes) >= 0
    return torch.cat(scores)[known], torch.cat(classes)[known]


def temperature_for(scores: Tensor, classes: Tensor) -> float:
    """The divisor of the scores at which their cross entropy is least."""
    tried = np.arange(0.6, 2.01, 0.02)
    return float(min(tried, key=lambda value: float(F.cross_entropy(scores / value, classes))))


def small(file: Path, kept_names: Sequence[str] = _KEPT) -> None:
    """Rewrite an ONNX file of single precision: weights stored in bytes, each of their rows by its greatest (it
    computes in single still: what is stored is unpacked once, when it is loaded), short names but for `kept_names`.

    So all networks take 1.4 MB. Readings of 330 pictures in eleven sets (30 each, 291000 on) had the same text with the
    quick one in bytes as in half precision, and one was not accepted any more; of 300 strips of levels 3 to 5 and the
    third set's 3 and 4 (331000 to 331059) as many were read and accepted with the thorough ones in bytes.
    """
    model = onnx.load(file)
    kept, nodes = [], []
    for weight in model.graph.initializer:
        if weight.data_type != onnx.TensorProto.FLOAT or np.prod(weight.dims) <= _SMALL:
            kept.append(weight)
            continue
        values = onnx.numpy_helper.to_array(weight)
        steps = np.abs(values).max(axis=tuple(range(1, values.ndim)), keepdims=True) / _MOST
        steps = np.maximum(steps, np.finfo(np.float16).tiny).astype(np.float16)
        bytes_ = np.rint(values / steps.astype(np.float32)).clip(-_MOST, _MOST).astype(np.int8)
        parts = {weight.name + "_bytes": bytes_, weight.name + "_step": steps}
        for name, part in parts.items():
            kept.append(onnx.numpy_helper.from_array(part, name + "_stored"))
            nodes.append(onnx.helper.make_node("Cast", [name + "_stored"], [name], to=onnx.TensorProto.FLOAT))
        nodes.append(onnx.helper.make_node("Mul", list(parts), [weight.name]))
    nodes += model.graph.node
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)
    _name_shortly(model.graph, {name: name for name in ("", *kept_names)})
    onnx.checker.check_model(model)
    onnx.save(model, file)


def _name_shortly(graph: onnx.GraphProto, names: dict[str, str]) -> None:
    """Number what `names` does not know yet: names of modules are a tenth of a small network's file."""

    def short(name: str) -> str:
        return names.setdefault(name, f"{len(names):x}")

    for value in (*graph.initializer, *graph.input, *graph.output):
        value.name = short(value.name)
    for node in graph.node:
        node.name = ""
        for own in (node.input, node.output):
            own[:] = [short(name) for name in own]
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _name_shortly(attribute.g, names)


def export(net: LineNet, fonts: list[Path], card: dict[str, Any], *, name: str, hard: bool, broad: bool) -> None:
    """Write the network as ONNX (dynamic number and width of lines) and its card; `card` says how it was trained."""
    scores, classes = _held_out(net.eval(), fonts, hard=hard, broad=broad)
    temperature = temperature_for(scores, classes)
    wrong = float((scores.argmax(1) != classes).float().mean())
    WEIGHTS.mkdir(exist_ok=True)
    torch.onnx.export(
        Exported(net, temperature),
        (torch.zeros(2, dataset.ROWS, dataset.COLUMNS, dtype=torch.uint8),),
        str(WEIGHTS / f"{name}.onnx"),
        input_names=list(_KEPT[:1]),
        output_names=list(_KEPT[1:]),
        dynamic_axes={
            "lines": {0: "n", 2: "width"},
            "log_probabilities": {0: "n", 1: "columns"},
            "centres": {0: "n", 1: "columns"},
        },
        opset_version=17,
        dynamo=False,
    )
    small(WEIGHTS / f"{name}.onnx")
    card |= {
        "date": datetime.now(UTC).date().isoformat(),
        "fonts": [font.name for font in fonts],
        "parameters": sum(weight.numel() for weight in net.parameters()),
        "temperature": round(temperature, 3),
        "held_out_character_error_rate": round(wrong, 5),
        "torch": torch.__version__,
        "stored": STORED,
    }
    (WEIGHTS / f"{name}.json").write_text(json.dumps(card, indent=2) + "\n")
