"""The log of a flow run: an expected refusal is one line, another error is told in full, money with what is billed."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from prefect.exceptions import ParameterTypeError

from flows.logs import Lines, unbilled
from studio.errors import BadInput, Incomplete, InDoubt, Moderated, OverBudget, Problem, ProductionError

EXPECTED = [
    BadInput("is empty", where="scene 'a'", hint="write something"),
    ProductionError([Problem("a.yaml:1", "is empty", "write it"), Problem("a.yaml:2", "is too long")]),
    OverBudget("$2 is too much", cap=1, needed=2, hint="less"),  # type: ignore[arg-type]
    Moderated("refused", reason="x", hint="change it"),
    InDoubt("nobody knows", order="0", hint="either\n      adopt\n      release"),
    Incomplete("without a clip: a\nscene 'a': refused\n  → change it", missing=["a"], hint="go on"),
    ParameterTypeError("Flow run received invalid parameters:\n - production.title: is empty"),
]


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[logging.Logger]:
    """A logger that tells its lines as those of runs do."""
    logger = logging.getLogger("test of lines")
    lines = Lines()
    logger.addFilter(lines)
    with caplog.at_level(logging.INFO, logger.name):
        yield logger
    logger.removeFilter(lines)


@pytest.mark.parametrize("error", EXPECTED, ids=lambda error: type(error).__name__)
def test_an_expected_refusal_is_one_line(
    log: logging.Logger, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    """An expected error that ends a run has no traceback and all its text in one line, as Prefect tells it or not."""
    try:
        raise error
    except Exception as raised:
        log.exception("Encountered exception during execution: %r", raised)  # noqa: TRY401 - as Prefect tells it
        log.error("%s %s", "Validation of flow parameters failed with error:", raised)  # noqa: TRY400 - as well
    for told in (caplog.records[0], caplog.records[1]):
        line = logging.Formatter().format(told)
        assert "\n" not in line
        assert "Traceback" not in line
        assert " ".join(str(error).split()).split(" ")[-1] in line


def test_a_fault_of_the_program_keeps_its_traceback(log: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    """An error that nobody expected is told in full."""
    try:
        raise KeyError("ours")
    except KeyError as raised:
        log.exception("Encountered exception during execution: %r", raised)  # noqa: TRY401 - as Prefect tells it
    assert "Traceback" in logging.Formatter().format(caplog.records[0])


def test_what_is_wrong_and_what_to_do_stand_in_order(log: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    """Each problem is followed by its own remedy, and parted from the next."""
    try:
        raise EXPECTED[1]
    except BadInput:
        log.exception("Encountered exception")
    assert caplog.messages == ["ProductionError: a.yaml:1: is empty → write it; a.yaml:2: is too long"]


@pytest.mark.parametrize("free", [True, False])
def test_a_line_that_names_money_says_what_is_billed(
    log: logging.Logger, caplog: pytest.LogCaptureFixture, free: bool
) -> None:
    """A line with an amount says once that nothing is billed if that is so; other lines and runs stay the same."""
    token = unbilled.set(free)
    try:
        log.info("generation %s, bought for %s", "1", "$0.14")
        log.info("$0.14, and nothing is billed")
        log.info("waiting: a slot")
    finally:
        unbilled.reset(token)
    note = " (nothing is billed)" if free else ""
    assert caplog.messages == [
        f"generation 1, bought for $0.14{note}", "$0.14, and nothing is billed", "waiting: a slot",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Finished in state Suspended('Suspended')", logging.INFO),
        ("Finished in state Cancelled('the plan was rejected')", logging.INFO),
        ("Finished in state Failed('no')", logging.ERROR),
    ],
)
def test_to_wait_for_a_person_is_no_error(text: str, level: int) -> None:
    """A run that is suspended, or was rejected, has no line of an error in its log."""
    record = logging.LogRecord("prefect.flow_runs", logging.ERROR, "", 0, text, None, None)
    assert Lines().filter(record)
    assert (record.levelno, record.levelname) == (level, logging.getLevelName(level))
