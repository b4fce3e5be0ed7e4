"""The network of the package on generated lines and on the development set, and the training step itself."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("cv2", reason="the generator needs the packages of the extra 'train'")

from training import dataset, devset, evaluate, glyphs
from training.evaluate import calibration_error

from stillscan.errors import InputError
from stillscan.mrz import typeface
from stillscan.mrz.net import COLUMN_PX, FIRST, QUICK, SECOND, TYPEFACE, WORN_TYPEFACE, recognise, session
from stillscan.simulator.printing import find_font

pytestmark = pytest.mark.slow


def _font() -> Path:
    try:
        return find_font()
    except InputError as error:
        pytest.skip(str(error))


def test_answers_are_probabilities_for_every_six_pixels() -> None:
    lines = np.random.default_rng(1).integers(0, 256, (3, 48, 600)).astype(np.uint8)
    seen = recognise(lines)
    assert seen.log_probabilities.shape == (3, 100, 37)
    assert seen.centres.shape == (3, 100)
    assert np.allclose(np.exp(seen.log_probabilities).sum(axis=2), 1, atol=1e-3)
    assert seen.centres.min() >= 0
    assert seen.centres.max() <= 1


def test_a_line_reads_alike_alone_and_among_others() -> None:
    lines = np.random.default_rng(2).integers(0, 256, (2, 48, 480)).astype(np.uint8)
    assert np.allclose(recognise(lines).log_probabilities[1], recognise(lines[1:]).log_probabilities[0], atol=1e-3)


@pytest.mark.parametrize("net", [QUICK, FIRST, SECOND])
def test_lightly_worn_lines_of_cuts_never_seen_are_read(monkeypatch: pytest.MonkeyPatch, net: str) -> None:
    monkeypatch.setattr(dataset, "severity_of", lambda _rng, hard: 0.15)
    cuts = glyphs.bank([], 6, seed=99)
    wrong = count = 0
    for index in range(30):
        one = dataset.sample(cuts, 77, index)
        seen = recognise(one.pixels[None], net)
        known = one.classes >= 0
        columns = np.rint(one.centres_px[known] / COLUMN_PX).astype(int)
        wrong += int((seen.log_probabilities[0, columns].argmax(axis=1) != one.classes[known]).sum())
        count += int(known.sum())
        assert seen.centres[0, columns].mean() > 0.5
    assert count > 800
    assert wrong / count < 0.02


def test_development_strips_repeat_and_get_worse() -> None:
    font = _font()
    once, again = devset.strip(font, 3, 4), devset.strip(font, 3, 4)
    assert np.array_equal(once.pixels, again.pixels)
    assert once.pixels.shape == devset.STRIP_SHAPE
    assert not np.array_equal(once.pixels, devset.strip(font, 3, 4, capture=1).pixels)
    assert devset.strip(font, 3, 4, capture=1).lines == once.lines
    spans = [np.ptp(np.percentile(devset.strip(font, level, 1).pixels, (5, 70))) for level in (0, 5)]
    assert spans[0] > 2 * spans[1]


def test_calibration_error_tells_certainty_from_truth() -> None:
    certain = [0.9] * 100
    assert calibration_error(certain, [True] * 90 + [False] * 10) == pytest.approx(0, abs=1e-9)
    assert calibration_error(certain, [True] * 50 + [False] * 50) == pytest.approx(0.4)


def test_report_on_development_strips() -> None:
    font = _font()
    readings = [
        evaluate.read((level, seed), "strips", font, scans) for level, scans in (("0", 1), ("4", 2)) for seed in (1, 2)
    ]
    assert [one.right for one in readings] == [True] * 4
    assert len(readings[0].characters) == len(readings[0].right_characters) == 88
    assert evaluate.report(readings).splitlines()[1].split()[:3] == ["0", "2", "100.00%"]
    wrong = evaluate.report([readings[0]._replace(right=False, accepted=True)])
    assert wrong.endswith("wrong and accepted: 0, seed 1")


@pytest.mark.parametrize(("kind", "group"), [("worn", "3"), ("photos", "TD1")])
def test_development_photographs_are_read(kind: str, group: str) -> None:
    font = _font()
    readings = [evaluate.read((group, seed), kind, font, 1) for seed in (1, 2, 3)]
    assert sum(one.right for one in readings) >= 2
    assert not any(one.accepted and not one.right for one in readings)


@pytest.mark.process  # torch starts one when it is imported
def test_a_few_steps_lower_the_loss() -> None:
    torch = pytest.importorskip("torch", reason="training needs the packages of the extra 'train'")
    from training.net import QUICK as QUICK_PLAN
    from training.net import LineNet
    from training.train import batch_of, loss_of

    torch.manual_seed(1)
    torch.set_num_threads(1)
    cuts = glyphs.bank([], 2, seed=1)
    whole = batch_of([dataset.sample(cuts, 1, index) for index in range(2)])
    cut_off = torch.where(whole.centres_px < 470, whole.classes, -1)
    batch = whole._replace(lines=whole.lines[..., :480], classes=cut_off)
    net = LineNet(QUICK_PLAN)
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3)
    losses = []
    for _ in range(8):
        loss = loss_of(net(batch.lines), batch, torch.zeros_like(batch.centres_px))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert net(batch.lines).shape == (2, 38, 80)
    assert losses[-1] < losses[0] - 0.2


@pytest.mark.process  # torch starts one when it is imported
def test_the_mean_of_networks_is_that_of_their_weights_whatever_their_names(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="training needs the packages of the extra 'train'")
    pytest.importorskip("torch", reason="training needs the packages of the extra 'train'")
    import onnxruntime
    from training.resume import mean_of

    def network(name: str, values: list[float]) -> Path:
        weights = onnx.numpy_helper.from_array(np.array(values, np.float32), name)
        node = onnx.helper.make_node("Mul", ["x", name], ["y"])
        ends = [onnx.helper.make_tensor_value_info(end, onnx.TensorProto.FLOAT, [2]) for end in "xy"]
        graph = onnx.helper.make_graph([node], "one", ends[:1], ends[1:], [weights])
        file = tmp_path / f"{name}.onnx"
        onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8), file)
        return file

    target = tmp_path / "mean.onnx"
    mean_of((network("one", [1.0, 2.0]), network("other", [3.0, 6.0])), target)
    (found,) = onnxruntime.InferenceSession(str(target)).run(None, {"x": np.ones(2, np.float32)})
    assert found.tolist() == [2.0, 4.0]


@pytest.mark.process  # torch starts one when it is imported
@pytest.mark.parametrize("name", [TYPEFACE, WORN_TYPEFACE])
def test_training_goes_on_from_what_the_package_computes(name: str) -> None:
    torch = pytest.importorskip("torch", reason="training needs the packages of the extra 'train'")
    pytest.importorskip("onnx", reason="training needs the packages of the extra 'train'")
    from training.export import WEIGHTS
    from training.resume import restore
    from training.typefaces import CellNet

    torch.set_num_threads(1)
    font = _font()
    crop = devset.strip(font, 2, 1).pixels[60:108]
    cells = typeface.cells(crop[None], 86.0 + 30 * np.arange(44)[None])
    net = CellNet(name)
    restore(net, WEIGHTS / f"{name}.onnx", torch.from_numpy(cells))
    with torch.no_grad():
        restored = net.eval()(torch.from_numpy(cells))
    for told, found in zip(session(name).run(None, {"cells": cells}), restored, strict=True):
        assert np.allclose(told, found.numpy(), atol=1e-3)
