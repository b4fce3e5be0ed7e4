"""Procedures and limits in the language of a page or a report, and whether each of its languages has a text for all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from stillscan.boards.files import boards_folder
from stillscan.boards.table import find_board
from stillscan.errors import InputError
from stillscan.guidance.technicians import technician_languages, technician_words
from stillscan.technician.about import SETTINGS
from stillscan.technician.limits import limits
from stillscan.technician.measuring import GROUPS
from stillscan.technician.parts import read_parts
from stillscan.technician.procedures.pictures import LABELS
from stillscan.technician.procedures.table import REPLACE, Procedure, Step, plain, procedures, steps

Say = Callable[[str], str]
"""A text in a language, by the English one: `guidance.technicians.Words`; ``str`` leaves it English."""
_WORD = re.compile("[A-Za-z]{3}")  # units and voltages have less: V, mm, 12 V
_NO_NAME = re.compile(r"\b[a-z]{3,}\b")  # of what is ordered: makers and types begin with a capital


def spoken(procedure: Procedure, say: Say) -> Procedure:
    """The same procedure in the words of a language, without marks of code and links."""
    phases = tuple(
        phase._replace(name=say(phase.name), say=say(phase.say), steps=tuple(_step(step, say) for step in phase.steps))
        for phase in procedure.phases
    )
    return procedure._replace(title=say(procedure.title), about=say(procedure.about), phases=phases)


def _step(step: Step, say: Say) -> Step:
    ask = tuple(one._replace(name=say(one.name), unit=say(one.unit)) for one in step.ask)
    what, how, expected = (say(plain(text)) for text in (step.what, step.how, step.expected))
    return step._replace(what=what, how=how, expected=expected, ask=ask)


def texts() -> Iterator[tuple[str, str]]:
    """Every text of the tables that a technician reads, and where it stands."""
    for procedure in procedures().values():
        yield from ((f"procedure '{procedure.name}'", text) for text in (procedure.title, procedure.about))
        for phase in procedure.phases:
            yield from ((f"procedure '{procedure.name}'", text) for text in (phase.name, phase.say))
        for step in procedure.steps:
            for name, text in (("what", step.what), ("how", step.how), ("expected", step.expected)):
                yield f"step '{step.id}', {name}", plain(text)
            yield from ((f"step '{step.id}', ask", text) for one in step.ask for text in (one.name, one.unit))
    for limit in limits("").values():
        where = f"limit of {limit.part}, {limit.measurement}"
        own = (limit.part, limit.measurement, limit.unit, limit.means, limit.check)
        yield from ((where, text) for text in own)
    yield from (("setting", text) for text in SETTINGS.values())
    yield from (("board", text) for text in _of_boards())
    yield from (("measuring", words) for words, _ in GROUPS.values())
    yield from ((f"picture '{name}'", label) for name, label in LABELS.items())


def _of_boards() -> Iterator[str]:
    """What is to be ordered for the boards that come with the package, and the words of their wiring's pictures."""
    ordered = {limit.order for limit in limits("").values()} | {name.removeprefix(REPLACE) for name in procedures()}
    ordered |= {step.part for step in steps().values() if step.part is not None}
    for table in sorted(boards_folder().glob("*/parts.toml")):
        board = find_board(table.parent.name)
        kiosk = read_parts(board)
        yield board.about
        yield from (rail.source for rail in kiosk.rails.values())
        yield from (part.name for part in kiosk.parts.values())
        yield from (part.buy for key, part in kiosk.parts.items() if key in ordered and _NO_NAME.search(part.buy))


def check_words() -> None:
    """InputError when a language that has words lacks one of those of the tables: it names where the text stands."""
    needed = [(where, text) for where, text in texts() if _WORD.search(text)]
    for language in technician_languages():
        words = technician_words(language)
        for where, text in needed:
            if words.tongue(text) != language:
                raise InputError(f"guidance/technician/{language}.toml has no text for {where}: '{text}'")
