"""Takes up training where exported weights left it: the ONNX file of a network back into one that can learn.

Exporting folds each normalisation into the convolution before it. So each is set anew, from what passes through it, to
the identity plus the bias that was folded: the network computes what the file computes, and learns from there.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Parameters = tuple[Tensor, Tensor]
"""Weight and bias of a convolution."""


def _stored(graph: onnx.GraphProto) -> dict[str, NDArray[np.generic]]:
    """The values that a network's file holds, by name, those that `export.small` packed unpacked as well."""
    found = {weight.name: onnx.numpy_helper.to_array(weight) for weight in graph.initializer}
    for node in graph.node:
        if all(name in found for name in node.input):
            if node.op_type == "Cast":
                found[node.output[0]] = found[node.input[0]].astype(np.float32)
            elif node.op_type == "Mul":
                found[node.output[0]] = found[node.input[0]] * found[node.input[1]]
    return found


def mean_of(files: Sequence[Path], target: Path) -> None:
    """Write to `target` the network whose weights are the means of those of `files`, in single precision.

    Where one went on from the other, the mean errs less than either: what each learned of its own lines is halved.
    """
    models = [onnx.load(file) for file in files]
    stored = [_stored(model.graph) for model in models]
    computing = [
        [node for node in model.graph.node if node.output[0] not in of]
        for model, of in zip(models, stored, strict=True)
    ]
    means: dict[str, NDArray[np.generic]] = {}
    for alike in zip(*computing, strict=True):  # names are each file's own: what a weight is tells where it is used
        for names in zip(*(node.input for node in alike), strict=True):
            if names[0] in stored[0]:
                values = [of[name] for of, name in zip(stored, names, strict=True)]
                whole = values[0].dtype.kind != "f"
                means[names[0]] = values[0] if whole else np.stack(values).astype(np.float32).mean(axis=0)
    graph = models[0].graph
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(onnx.numpy_helper.from_array(values, name) for name, values in means.items())
    graph.node.extend(computing[0])
    onnx.checker.check_model(models[0])
    onnx.save(models[0], target)


def convolutions(file: Path) -> list[Parameters]:
    """Weights and biases of a network's file in the order in which they compute."""
    graph = onnx.load(file).graph
    stored = _stored(graph)
    return [
        tuple(torch.from_numpy(stored[name].astype(np.float32)) for name in node.input[1:3])
        for node in graph.node
        if node.op_type == "Conv"
    ]


def products(file: Path) -> list[Parameters]:
    """Weights (out, in) and biases of the full layers of a network's file in the order in which they compute."""
    graph = onnx.load(file).graph
    stored = _stored(graph)
    found = []
    for node, after in pairwise(graph.node):
        if node.op_type == "Gemm":
            found.append((stored[node.input[1]], stored[node.input[2]]))
        elif node.op_type == "MatMul" and node.input[1] in stored:
            bias = next(stored[name] for name in after.input if name in stored)
            found.append((stored[node.input[1]].T, bias))
    return [tuple(torch.from_numpy(one.astype(np.float32)) for one in pair) for pair in found]


def _becomes_bias(normalisation: nn.BatchNorm2d, bias: Tensor, seen: Tensor) -> None:
    """Let `normalisation` add `bias` to what is like `seen`, and nothing else."""
    with torch.no_grad():
        mean, variance = seen.mean((0, 2, 3)), seen.var((0, 2, 3), unbiased=False)
        normalisation.running_mean, normalisation.running_var = mean.clone(), variance.clone()
        normalisation.weight.copy_((variance + normalisation.eps).sqrt())
        normalisation.bias.copy_(bias + mean)


def restore(net: nn.Module, file: Path, typical: Tensor) -> None:
    """Fill `net` from its exported file; statistics are those of what is `typical` of what it is shown."""
    full = [module for module in net.modules() if isinstance(module, nn.Linear)]
    for layer, (weight, bias) in zip(full, products(file), strict=True):
        layer.weight.data.copy_(weight)
        layer.bias.data.copy_(bias)
    modules = [module for module in net.modules() if isinstance(module, nn.Conv2d | nn.BatchNorm2d)]
    following = dict(zip(modules, [*modules[1:], None], strict=True))
    own = [module for module in modules if isinstance(module, nn.Conv2d)]
    hooks = []
    for module, (weight, bias) in zip(own, convolutions(file), strict=True):
        module.weight.data.copy_(weight)
        after = following[module]
        if module.bias is not None:
            module.bias.data.copy_(bias)
        elif isinstance(after, nn.BatchNorm2d):
            hooks.append(
                after.register_forward_pre_hook(
                    lambda normalisation, seen, bias=bias: _becomes_bias(normalisation, bias, seen[0])
                )
            )
    with torch.no_grad():
        net.eval()(typical)
    for hook in hooks:
        hook.remove()
    net.train()
