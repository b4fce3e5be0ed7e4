"""The network: a straightened grey line to 37 log probabilities and a character centre for every 6 px of its length.

Fully convolutional, so a line may have any width that is a multiple of 6 px. Contrast is evened out inside, over the
height of the line and 95 px along it. Two-dimensional layers see strokes, one-dimensional ones then see two characters
to each side: too little to learn words. What is the same all along a line (cut, weight, wear) reaches every place
through gates on the means of the channels, which know no order, so that an O is judged beside the zeros of its line.
Widths are multiples of 16, what processors with vectors of 512 bits compute fastest.
"""

# Where the extra `train` is not installed, torch has no types to derive from.
# mypy: disallow-subclassing-any=False

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from stillscan.mrz.alphabet import ALPHABET

COLUMN_PX = 6
_EVEN_PX = 95
_FAR_OFF = 2.5
"""Local standard deviations beyond which a pixel counts no more: a black streak or lid must not flatten the print."""


def even_contrast(grey: Tensor) -> Tensor:
    """(n, 1, rows, columns) grey 0..255 to deviations from the local mean in units of the local standard deviation.

    Done twice: what lies far off is cut off in between.
    """
    return _evened(_evened(grey, 4e-4 * 255**2).clamp(-_FAR_OFF, _FAR_OFF), 4e-2)


def _evened(light: Tensor, least: float) -> Tensor:
    row, square = light.mean(2, keepdim=True), (light * light).mean(2, keepdim=True)
    # sums over _EVEN_PX columns, fewer at the ends
    upto = F.pad(torch.cat([row, square, torch.ones_like(row)], 1), (_EVEN_PX // 2 + 1, _EVEN_PX // 2)).cumsum(3)
    sums = upto[..., _EVEN_PX:] - upto[..., :-_EVEN_PX]
    mean, square = sums[:, :1] / sums[:, 2:], sums[:, 1:2] / sums[:, 2:]
    return (light - mean) * torch.rsqrt((square - mean * mean).clamp_min(0) + least)


def _layer(into: int, out: int, size: tuple[int, int], stride: tuple[int, int] = (1, 1), groups: int = 1) -> nn.Module:
    padding = (size[0] // 2, size[1] // 2)
    convolution = nn.Conv2d(into, out, size, stride, padding, groups=groups, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(out), nn.ReLU(inplace=True))


class Gate(nn.Module):
    """Scales each channel by what the means of all channels over the whole line say."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels // 4, 1), nn.ReLU(), nn.Conv2d(channels // 4, channels, 1), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, 1, columns) to the same."""
        scaled: Tensor = x * self.body(x.mean(3, keepdim=True))
        return scaled


class Beside(nn.Module):
    """A residual layer along the line: depthwise over `reach` columns, two mixes of channels, and a gate."""

    def __init__(self, channels: int, reach: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, (1, reach), padding=(0, reach // 2), groups=channels, bias=False),
            nn.BatchNorm2d(channels),
            nn.Conv2d(channels, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
            Gate(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, 1, columns) to the same."""
        return torch.relu(x + self.body(x))


class Plan(NamedTuple):
    """Sizes of a network whose strokes end in 6 rows, one column every 6 px."""

    strokes: tuple[tuple[int, tuple[int, int], tuple[int, int]], ...]
    """Channels, size and stride (rows, columns) of each two-dimensional layer."""
    width: int
    """Channels of the layers along the line."""
    reaches: tuple[int, ...]
    """Columns that each of them sees."""


THOROUGH = Plan(
    ((16, (5, 5), (2, 2)), (32, (3, 5), (2, 3)), (64, (3, 3), (1, 1)), (80, (3, 3), (2, 1))), 160, (5, 7, 7, 5)
)
"""421,000 parameters, 0.44 GFLOP for a line of 1476 px."""
QUICK = Plan(((16, (7, 5), (4, 3)), (32, (3, 3), (1, 2)), (32, (3, 3), (2, 1)), (48, (3, 3), (1, 1))), 96, (5, 7, 5))
"""A third of that work."""


class LineNet(nn.Module):
    """Weights of the recogniser; `forward` gives raw scores, `Exported` what the package runs."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        layers, channels = [], 1
        for out, size, stride in plan.strokes:
            layers.append(_layer(channels, out, size, stride))
            channels = out
        width = plan.width
        self.strokes = nn.Sequential(*layers)
        self.whole = nn.Sequential(
            nn.Conv2d(channels, width, (6, 1), bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)
        )
        self.along = nn.Sequential(*(Beside(width, reach) for reach in plan.reaches))
        self.head = nn.Conv2d(width, len(ALPHABET) + 1, 1)

    def forward(self, grey: Tensor) -> Tensor:
        """(n, 1, 48, 6 m) grey 0..255 to raw scores (n, 38, m): 37 characters, then the centre."""
        scores: Tensor = self.head(self.along(self.whole(self.strokes(even_contrast(grey))))).squeeze(2)
        return scores


class Exported(nn.Module):
    """What the package runs: 8-bit lines in, log probabilities and the chance of a character's centre out."""

    def __init__(self, net: LineNet, temperature: float) -> None:
        super().__init__()
        self.net = net
        self.temperature = temperature

    def forward(self, lines: Tensor) -> tuple[Tensor, Tensor]:
        """(n, 48, 6 m) uint8 to (n, m, 37) log probabilities and (n, m) chance that a centre lies within some 6 px."""
        scores = self.net(lines.float().unsqueeze(1)).transpose(1, 2)
        return torch.log_softmax(scores[..., :-1] / self.temperature, 2), torch.sigmoid(scores[..., -1])


def at_centres(scores: Tensor, centres_px: Tensor) -> Tensor:
    """Scores (n, 38, m) between the columns at `centres_px` (n, k): (n, k, 37). Column j is centred at 6 j px."""
    at = (centres_px / COLUMN_PX).clamp(0, scores.shape[2] - 1.001)
    left = at.floor().long()
    part = (at - left).unsqueeze(1)
    classes = scores[:, :-1]
    index = left.unsqueeze(1).expand(-1, classes.shape[1], -1)
    return (classes.gather(2, index) * (1 - part) + classes.gather(2, index + 1) * part).transpose(1, 2)
