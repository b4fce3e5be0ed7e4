"""Whatever goes wrong in a command ends in one line on stderr and an exit code."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from stillscan import log
from stillscan.errors import EnvironmentTroubleError, InputError, StillscanError, one_line
from stillscan.files import mistaken, why
from stillscan.own_python import of_user
from stillscan.terminal import stop, streams

DEFECT = 4
"""Exit code of a defect: nothing that was typed or laid on the glass is the reason, and the run cannot be relied on."""
_LOG = logging.getLogger(__name__)


def told(work: Callable[[], int]) -> int:
    """Do the work; its exit code, or that of what went wrong, which is told in one line."""
    try:
        try:
            code = work()
        except SystemExit:  # of the command line's parser, which has told everything
            streams.flush()
            raise
        streams.flush()
        return code
    except streams.OutputLostError as lost:
        return 0 if lost.seen_enough else _say(str(lost), lost.exit_code)
    except StillscanError as error:
        return _say(str(error), error.exit_code)
    except stop.StopRequest as request:
        _LOG.info("stopped by signal %d", request.number)
        sys.stderr.write(stop.line(request.number))
        return stop.exit_code(request.number)
    except KeyboardInterrupt:
        return stop.INTERRUPTED
    except MemoryError:
        return _say("this computer has not enough memory for that", EnvironmentTroubleError.exit_code)
    except OSError as error:
        _LOG.error("the system refused", exc_info=error)
        if isinstance(error.filename, str) and mistaken(error):
            return _say(f"{one_line(error.filename)}: {why(error)}", InputError.exit_code)
        where = f"{one_line(error.filename)}: " if isinstance(error.filename, str) else "this computer refuses: "
        return _say(where + (error.strerror or type(error).__name__).lower(), EnvironmentTroubleError.exit_code)
    except Exception as error:
        return _raised(error)


def _raised(error: Exception) -> int:
    """An exception that nobody expects: of a module that the user brought, or a defect of ours."""
    place = of_user(error)
    _LOG.error("a defect", exc_info=error)
    if place is not None:
        said = f"{type(error).__name__}: {one_line(str(error))}"
        return _say(f"{place[0]}: line {place[1]}: {said}", InputError.exit_code)
    where = "the log tells more" if log.keeps_details() else "-v shows more"
    return _say(f"internal error: {type(error).__name__} in {_place(error)}; {where}", DEFECT)


def _say(text: str, code: int) -> int:
    _LOG.error("%s", text)
    print(f"stillscan: {text}", file=sys.stderr)
    return code


def _place(error: BaseException) -> str:
    """The innermost line of stillscan in the traceback."""
    found, at = "an unknown place", error.__traceback__
    while at is not None:
        module = at.tb_frame.f_globals.get("__name__", "")
        if module.split(".")[0] == "stillscan" or found == "an unknown place":
            found = f"{module}:{at.tb_lineno}"
        at = at.tb_next
    return found
