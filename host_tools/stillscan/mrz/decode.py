"""Likelihoods of characters to the most probable MRZ that is possible at all, and how probable it is.

Three parts are weighed exactly: the places under check digits (`sums`), the names by their grammar (`names`) and the
codes of issuer and nationality by the list of codes. Every part may break its rules at long odds: without that way
out a clear print with a wrong digit would be bent into the nearest text that agrees, and look certain.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import places
from stillscan.mrz.alphabet import ALPHABET
from stillscan.mrz.confusables import CONFUSABLE_OF
from stillscan.mrz.formats import Format
from stillscan.mrz.names import decode_names
from stillscan.mrz.sums import Move, decode_checked, moves_of

_UNKNOWN_CODE = -6.5
"""Log odds against a code that is not in the list: codes are added now and then, but rarely. One in 670 documents,
which is assumed and not counted."""
_BROKEN_RULE = -7.0
"""Log odds that a document breaks the rules of its check digits (misprint, forgery, another format). One in 1,100
documents, which is assumed and not counted."""
_HOPELESS = 12.0
"""Log odds at which a possibility is no longer worked out. Such a one is less likely than six in a million, far less
than any doubt that is judged (2 %). Nothing changes between 8 and 16, 24 strips of levels 3 to 5."""
_CONFUSABLES_APART = 6.0
"""Log odds by which print alone tells confusables apart where a check digit can: less than a broken rule, for there
are cuts whose O is every other cut's 0."""
_CONFUSABLES_POSSIBLE = -9.0
"""Log odds of a confusable above which it is weighed against its fellow."""
_ALSO_FREE = {odds: float(np.log1p(np.exp(odds))) for odds in (_UNKNOWN_CODE, _BROKEN_RULE)}
"""A text that keeps a rule could also have come about where the rule is broken."""


class Decoded(NamedTuple):
    """The best text: `log_best` is its log likelihood, `log_all` that of all texts possible in its format."""

    form: Format
    lines: tuple[str, ...]
    log_best: float
    log_all: float
    characters: NDArray[np.float32]
    """(lines, columns): probability of each character of the text, all rules considered."""
    plainest: float
    """The least probability of a character by its print alone, whatever may stand there (confusables together)."""
    confusables: dict[tuple[int, int], float]
    """(line, column) where a character and its confusable may both stand and print does not clearly tell them apart,
    with the log odds of the confusable by print."""
    changed: tuple[tuple[int, int], ...]
    """(line, column) where the rules overruled the likeliest character of the print."""


def decode(likelihoods: NDArray[np.float32]) -> Decoded | None:
    """Best MRZ for log likelihoods (lines, columns, 37); None when no format has this size.

    `log_all` of the result sums over all formats of the size, so that exp(log_best - log_all) is its probability.
    """
    found = [
        decoded
        for form in places.candidates(*likelihoods.shape[:2])
        if (decoded := _decode_as(form, likelihoods.astype(np.float64))) is not None
    ]
    if not found:
        return None
    best = max(found, key=lambda decoded: decoded.log_best)
    return best._replace(log_all=float(np.logaddexp.reduce([decoded.log_all for decoded in found])))


def _decode_as(form: Format, likelihoods: NDArray[np.float64]) -> Decoded | None:
    """Best text in one format; None when its first letter is out of the question."""
    masks = places.variants(form)
    if (likelihoods[0, 0] + masks[0][0, 0]).max() < likelihoods[0, 0].max() - _HOPELESS:
        return None
    masked = likelihoods + masks[0]
    classes, marginals = masked.argmax(axis=2), np.exp(masked - _log_sum(masked)[..., None])
    log_best = log_all = 0.0
    free = np.ones(likelihoods.shape[:2], bool)
    for span in (form.issuer, form.nationality):
        if span is None:
            continue
        where = span.line, slice(span.first, span.end)
        classes[where], best, total, marginals[where] = _code(masked[where])
        free[where] = False
        log_best, log_all = log_best + best, log_all + total
    for span in (form.names, form.given):
        if span is None:
            continue
        where = span.line, slice(span.first, span.end)
        names = decode_names(likelihoods[where])
        classes[where], marginals[where], free[where] = names.classes, names.marginals, False
        log_best, log_all = log_best + names.log_best, log_all + names.log_all

    steps = places.steps(form)
    checked = np.array([step.line for step in steps]), np.array([step.column for step in steps])
    free[checked] = False
    own = likelihoods[checked]
    own = np.maximum(own, own[:, CONFUSABLE_OF] - _CONFUSABLES_APART)
    printed = [own + mask[checked] for mask in masks]
    most = [float(values.max(axis=1).sum()) for values in printed]
    ways = [
        decode_checked(moves, values)
        for values, moves, bound in zip(printed, _moves(form), most, strict=True)
        if bound > max(most) - _HOPELESS
    ]
    best_way = max(ways, key=lambda way: way.log_best)
    unruly = _BROKEN_RULE + float(_log_sum(own).sum())
    all_ways = float(np.logaddexp.reduce([*(way.log_all for way in ways), unruly]))
    log_printed = _BROKEN_RULE + max(most)
    as_printed = log_printed > best_way.log_best  # a digit that is clearly wrong is not bent into one that agrees
    classes[checked] = printed[int(np.argmax(most))].argmax(axis=1) if as_printed else best_way.classes
    marginals[checked] = np.exp(unruly - all_ways) * np.exp(own - _log_sum(own)[:, None])
    for way in ways:
        marginals[checked] += np.exp(way.log_all - all_ways) * way.marginals
    log_best += (log_printed if as_printed else best_way.log_best + _ALSO_FREE[_BROKEN_RULE]) + float(
        masked[free].max(axis=1).sum()
    )
    log_all += all_ways + float(_log_sum(masked[free]).sum())

    mine = np.take_along_axis(likelihoods, classes[..., None], axis=2)[..., 0]
    confusables = np.take_along_axis(likelihoods, CONFUSABLE_OF[classes][..., None], axis=2)[..., 0]
    other_fits = np.take_along_axis(masks[0], CONFUSABLE_OF[classes][..., None], axis=2)[..., 0] == 0
    odds = confusables - mine
    alike = (CONFUSABLE_OF[classes] != classes) & (odds > _CONFUSABLES_POSSIBLE) & other_fits
    return Decoded(
        form=form,
        lines=tuple("".join(ALPHABET[index] for index in row) for row in classes),
        log_best=log_best,
        log_all=log_all,
        characters=np.take_along_axis(marginals, classes[..., None], axis=2)[..., 0].clip(0, 1).astype(np.float32),
        plainest=float(np.exp(np.maximum(mine, confusables)).min()),
        confusables={(int(row), int(column)): float(odds[row, column]) for row, column in np.argwhere(alike)},
        changed=tuple((int(row), int(column)) for row, column in np.argwhere(classes != likelihoods.argmax(axis=2))),
    )


@cache
def _moves(form: Format) -> tuple[tuple[Move, ...], ...]:
    """The moves of the dynamic programme for each way to print the format."""
    return tuple(moves_of(steps) for steps in places.variant_steps(form))


def _log_sum(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithm of the sum of exponentials over the last axis."""
    top = values.max(axis=-1)
    return np.asarray(top + np.log(np.exp(values - top[..., None]).sum(axis=-1)))


def _code(own: NDArray[np.float64]) -> tuple[NDArray[np.intp], float, float, NDArray[np.float64]]:
    """(classes, log likelihood, sum over all, marginals) of a code: one of the list, or with long odds any other."""
    listed = own[np.arange(3), places.CODE_CLASSES].sum(axis=1)
    free_sums = _log_sum(own)
    free_best, free_all = float(own.max(axis=1).sum()) + _UNKNOWN_CODE, float(free_sums.sum()) + _UNKNOWN_CODE
    total = float(np.logaddexp(_log_sum(listed), free_all))
    marginals = np.exp(free_all - total) * np.exp(own - free_sums[:, None])
    for place in range(3):
        np.add.at(marginals[place], places.CODE_CLASSES[:, place], np.exp(listed - total))
    best = int(listed.argmax())
    if listed[best] >= free_best:
        return places.CODE_CLASSES[best], float(listed[best]) + _ALSO_FREE[_UNKNOWN_CODE], total, marginals
    return own.argmax(axis=1), free_best, total, marginals
