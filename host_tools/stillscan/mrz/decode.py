"""Likelihoods of characters to the most probable MRZ that is possible at all, and how probable it is.

Three parts are weighed exactly: the places under check digits (`sums`), with the forms of the issuer's document numbers
(`numbers`), the names by their grammar (`names`) and the codes of issuer and nationality by the list of codes. Every
part may break its rules at long odds: without that way out a clear print with a wrong digit would be bent into the
nearest text that agrees, and look certain.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import places
from stillscan.mrz.alphabet import ALPHABET, FILLER
from stillscan.mrz.checked import HOPELESS, weigh_checked
from stillscan.mrz.confusables import CONFUSABLE_OF
from stillscan.mrz.formats import FORMATS, Format
from stillscan.mrz.names import decode_names
from stillscan.mrz.numbers import OTHERWISE
from stillscan.mrz.sums import log_sum

_UNKNOWN_CODE = -6.5
"""Log odds against a code that is not in the list: codes are added now and then, but rarely. One in 670 documents,
which is assumed and not counted."""
_CONFUSABLES_POSSIBLE = -9.0
"""Log odds of a confusable above which it is weighed against its fellow."""
_UNPRINTED = -30.0
"""Log likelihood of characters where none is printed: less than any that a network gives."""
_ISSUER_SURE = 0.9
"""Probability of the issuer's code from which its document numbers are looked up: nine in ten, which is assumed."""
_ONLY_FORMED = -4.0
"""Log odds of a character that the issuer's numbers do not have in its place, above which it keeps the text in doubt:
one in fifty, as much as the doubt that is judged."""
_ALSO_UNKNOWN = float(np.log1p(np.exp(_UNKNOWN_CODE)))
"""A code of the list could also have come about where any code may."""


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
    formed: bool
    """Whether only the form of the issuer's numbers tells a character from one that is no confusable of it."""


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
    """Best text in one format; None when its beginning is out of the question."""
    masks = places.variants(form)
    opening = (
        form.code.line,
        slice(0, 1 if form.name in FORMATS else form.issuer.end),
    )  # national formats have one issuer
    begun = likelihoods[opening]
    if (begun + masks[0][opening]).max(axis=1).sum() < begun.max(axis=1).sum() - HOPELESS:
        return None
    likelihoods = _printed(form, likelihoods)
    masked = likelihoods + masks[0]
    classes, marginals = masked.argmax(axis=2), np.exp(masked - log_sum(masked)[..., None])
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

    number = form.number.line, slice(form.number.first, form.number.end)
    barred = np.zeros_like(likelihoods[number], bool)
    checked, checked_masks = _checked(form)
    if checked_masks:
        free[checked] = False
        issuer = _issuer(form, classes, marginals)
        weighed = weigh_checked(form, likelihoods[checked], checked_masks, issuer)
        classes[checked], marginals[checked], barred = weighed.classes, weighed.marginals, weighed.barred
        log_best, log_all = log_best + weighed.log_best, log_all + weighed.log_all
    log_best += float(masked[free].max(axis=1).sum())
    log_all += float(log_sum(masked[free]).sum())

    own = np.arange(form.rows)[:, None], np.arange(form.columns), classes
    fellow = *own[:2], CONFUSABLE_OF[classes]
    mine, confusables = likelihoods[own], likelihoods[fellow]
    odds = confusables - mine
    fellows = fellow[2][number]
    odds[number] += OTHERWISE * barred[np.arange(len(fellows)), fellows]
    alike = (fellow[2] != classes) & (odds > _CONFUSABLES_POSSIBLE) & (masks[0][fellow] == 0)
    return Decoded(
        form=form,
        lines=tuple("".join([ALPHABET[index] for index in row]) for row in classes.tolist()),
        log_best=log_best,
        log_all=log_all,
        characters=marginals[own].clip(0, 1).astype(np.float32),
        plainest=float(np.exp(np.maximum(mine, confusables)).min()),
        confusables={(row, column): float(odds[row, column]) for row, column in np.argwhere(alike).tolist()},
        changed=tuple((row, column) for row, column in np.argwhere(classes != likelihoods.argmax(axis=2)).tolist()),
        formed=_only_formed(likelihoods[number], classes[number], barred),
    )


@cache
def _checked(form: Format) -> tuple[tuple[NDArray[np.intp], NDArray[np.intp]], tuple[NDArray[np.float32], ...]]:
    """(line, column) of the places under check digits, and what each variant of the format allows in them; no variant
    where there are none."""
    steps = places.steps(form)
    checked = np.array([step.line for step in steps], np.intp), np.array([step.column for step in steps], np.intp)
    return checked, tuple(mask[checked] for mask in places.variants(form)) if steps else ()


def _printed(form: Format, likelihoods: NDArray[np.float64]) -> NDArray[np.float64]:
    """The likelihoods, with fillers for certain where the format has a shorter line."""
    if form.first_columns is None:
        return likelihoods
    printed = likelihoods.copy()
    printed[0, form.first_columns :] = np.where(np.array(list(ALPHABET)) == FILLER, 0.0, _UNPRINTED)
    return printed


def _issuer(form: Format, classes: NDArray[np.intp], marginals: NDArray[np.float64]) -> str:
    """The issuer's code if it is certain enough to look its numbers up, else an empty one."""
    where = form.issuer.line, slice(form.issuer.first, form.issuer.end)
    chance = np.take_along_axis(marginals[where], classes[where][:, None], axis=1).prod()
    return "".join(ALPHABET[index] for index in classes[where]).rstrip("<") if chance > _ISSUER_SURE else ""


def _only_formed(own: NDArray[np.float64], classes: NDArray[np.intp], barred: NDArray[np.bool_]) -> bool:
    """Whether print alone leaves a number (places, 37) in doubt between what was read and what its form bars."""
    odds = own - np.take_along_axis(own, classes[:, None], axis=1)
    np.put_along_axis(odds, CONFUSABLE_OF[classes][:, None], places.NEVER, axis=1)
    return bool((barred & (odds > _ONLY_FORMED)).any())


def _code(own: NDArray[np.float64]) -> tuple[NDArray[np.intp], float, float, NDArray[np.float64]]:
    """(classes, log likelihood, sum over all, marginals) of a code: one of the list, or with long odds any other."""
    listed = own[np.arange(3), places.CODE_CLASSES].sum(axis=1)
    free_sums = log_sum(own)
    free_best, free_all = float(own.max(axis=1).sum()) + _UNKNOWN_CODE, float(free_sums.sum()) + _UNKNOWN_CODE
    total = float(np.logaddexp(log_sum(listed), free_all))
    marginals = np.exp(free_all - total) * np.exp(own - free_sums[:, None])
    for place in range(3):
        np.add.at(marginals[place], places.CODE_CLASSES[:, place], np.exp(listed - total))
    best = int(listed.argmax())
    if listed[best] >= free_best:
        return places.CODE_CLASSES[best], float(listed[best]) + _ALSO_UNKNOWN, total, marginals
    return own.argmax(axis=1), free_best, total, marginals
