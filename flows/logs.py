"""Log lines of a flow run, in Prefect's UI and at its worker: an expected error is one line, without a traceback."""

from __future__ import annotations

import logging
import os
import re
from contextvars import ContextVar

from prefect.exceptions import ParameterTypeError
from prefect.logging.handlers import PrefectConsoleHandler
from rich.console import Console
from rich.highlighter import NullHighlighter

from studio.errors import StudioError
from studio.log_lines import JsonLines

#: Errors that end a run as intended: they are told to a person, and are no fault of the program.
EXPECTED = (StudioError, ParameterTypeError)
LOGGERS = ("prefect.flow_runs", "prefect.task_runs", "prefect.engine")
#: A line of ParameterTypeError: a parameter, and what is wrong with it.
PARAMETER = re.compile(r"^ - ([\w.]+): ")
#: Prefect's line for the end of a process, an error unless its run is complete: a run that waits for a person, or that
#: one has rejected, is none.
INTENDED = ("Finished in state Suspended(", "Finished in state Cancelled(")
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
            record.msg, record.args = "%s: %s", (type(error).__name__, told(error))
        elif isinstance(record.args, tuple) and any(isinstance(arg, EXPECTED) for arg in record.args):
            record.args = tuple(told(arg) if isinstance(arg, EXPECTED) else arg for arg in record.args)
        if record.levelno == logging.ERROR and record.getMessage().startswith(INTENDED):
            record.levelno, record.levelname = logging.INFO, logging.getLevelName(logging.INFO)
        if unbilled.get() and MONEY.search(text := record.getMessage()) and UNBILLED not in text:
            record.msg, record.args = "%s (%s)", (text, UNBILLED)
        return True


def told(error: BaseException) -> str:
    """An expected error in one line. One of Prefect's names the parameters that do not fit as fields of the form."""
    text = str(error)
    if isinstance(error, ParameterTypeError):
        lines = [line for line in text.splitlines() if PARAMETER.match(line)]
        text = "\n".join(PARAMETER.sub(r"the field '\1': ", line) for line in lines)
    return one_line(text or str(error))


def one_line(text: str) -> str:
    """The text in one line: ``what is wrong → what to do; the next thing that is wrong``."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    told = ""
    for line in filter(None, lines):
        told += line if not told else f" {line}" if line.startswith("→") else f"; {line}"
    return told


def _said_again(record: logging.LogRecord) -> bool:
    """False for Prefect's dump of parameters that do not fit, with all values: a line of the run's log follows."""
    return not record.getMessage().startswith("Parameter validation failed for flow")


def tell_in_json() -> None:
    """Let what this process logs to its console be lines of JSON, as ``STUDIO_LOG=json`` asks for."""
    loggers = [logging.getLogger(), *map(logging.getLogger, ("prefect", "prefect.extra", *LOGGERS))]
    for handler in {handler for logger in loggers for handler in logger.handlers}:
        # Prefect's own handler stays in its place: Prefect sets levels on it by its name.
        if isinstance(handler, PrefectConsoleHandler):
            handler.setFormatter(JsonLines())
            handler.console = Console(
                file=handler.stream, highlighter=NullHighlighter(), markup=False, emoji=False, color_system=None
            )


def tell_in_lines() -> None:
    """Install the filter on the loggers of flow and task runs of this process."""
    # Not by the settings: an invalid one is reported by the run, and this is done before it begins.
    if os.environ.get("STUDIO_LOG", "").strip() == "json":
        tell_in_json()
    logging.getLogger("prefect.flows").addFilter(_said_again)  # a function is added once, however often it is given
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(known, Lines) for known in logger.filters):
            logger.addFilter(Lines())
