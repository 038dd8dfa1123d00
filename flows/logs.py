"""Log lines of a flow run, in Prefect's UI and at its worker: an expected error is one line, without a traceback."""

from __future__ import annotations

import logging
import re
from contextvars import ContextVar

from prefect.exceptions import ParameterTypeError

from studio.errors import StudioError

#: Errors that end a run as intended: they are told to a person, and are no fault of the program.
EXPECTED = (StudioError, ParameterTypeError)
LOGGERS = ("prefect.flow_runs", "prefect.task_runs", "prefect.engine")
MONEY = re.compile(r"\$\d")
UNBILLED = "nothing is billed"
#: True once a run knows that none of it is billed.
unbilled: ContextVar[bool] = ContextVar("unbilled", default=False)


class Lines(logging.Filter):
    """A log filter that shortens expected errors to one line, and adds to sums of an unbilled run that it is not
    billed."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if isinstance(error, EXPECTED):
            record.exc_info = record.exc_text = None
            record.msg, record.args = "%s: %s", (type(error).__name__, one_line(str(error)))
        elif isinstance(record.args, tuple) and any(isinstance(arg, EXPECTED) for arg in record.args):
            record.args = tuple(one_line(str(arg)) if isinstance(arg, EXPECTED) else arg for arg in record.args)
        if unbilled.get() and MONEY.search(text := record.getMessage()) and UNBILLED not in text:
            record.msg, record.args = "%s (%s)", (text, UNBILLED)
        return True


def one_line(text: str) -> str:
    """The text in one line: ``what is wrong → what to do; the next thing that is wrong``."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    told = ""
    for line in filter(None, lines):
        told += line if not told else f" {line}" if line.startswith("→") else f"; {line}"
    return told


def tell_in_lines() -> None:
    """Install the filter on the loggers of flow and task runs of this process."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(known, Lines) for known in logger.filters):
            logger.addFilter(Lines())
