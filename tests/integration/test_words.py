"""Decisions about money rest on values: whatever words a service, an error or the books have for it."""

from __future__ import annotations

import ast
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import update

from studio.errors import InDoubt, Moderated, StudioError
from studio.failures import CODES, FailureClass
from studio.ledger import Doubt, Ledger, open_ledger
from studio.ledger.schema import entries, orders
from studio.planning.plan import seen
from studio.purchasing.gateway import PurchaseGateway
from tests.support.books import Clock
from tests.support.luma import Luma, LumaAgents
from tests.support.orders import PARAMS, Slept, intent
from tests.support.productions import film, plan, scene

ROOT = Path(__file__).resolve().parents[2]
WORDS = (
    "content_moderated: moderation refused it", "no answer came through (status 504)", "Job failed",
    "no readable answer came back (ReadTimeout)", "its sender died", "broken off (CancelledError)", "",
)  # fmt: skip
NAMES = ("failed", "refused", "input", "answered", "unanswered", "abandoned", "released", "absent", "gone")


@pytest.mark.parametrize("text", WORDS)
@pytest.mark.parametrize("code", CODES)
async def test_a_failure_code_decides_whatever_the_text_says(code: str, text: str) -> None:
    """Whose failure it was is the code's word: another text beside it changes nothing."""
    assert await failure_of(code, text) is CODES[code]


@pytest.mark.parametrize(
    ("code", "expected"),
    [("gpu_on_fire", FailureClass.SERVICE), ("prompt_moderation", FailureClass.MODERATION),
     ("Content_Moderated", FailureClass.MODERATION)],
)  # fmt: skip
async def test_a_code_that_nobody_knows(code: str, expected: FailureClass) -> None:
    """A new code is the service's own failure unless it names moderation itself; its text is no verdict."""
    assert await failure_of(code, "the moderation queue was full") is expected


async def failure_of(code: str, text: str) -> FailureClass:
    luma = LumaAgents()
    luma.finish(luma.accept({"type": "video"})["id"], "failed", code, text)
    return (await luma.provider().get("generation-1")).failure


def fill(ledger: Ledger) -> None:
    """An order in each state that an answer, or the lack of one, leads to."""
    for name in NAMES:
        ledger.reserve(intent(name), run="r", caps=[])
    for name, failure in (
        ("failed", FailureClass.SERVICE), ("refused", FailureClass.MODERATION), ("input", FailureClass.INPUT),
    ):  # fmt: skip
        ledger.submitted(intent(name).key, 1, f"g-{name}")
        ledger.failed(intent(name).key, f"g-{name}", "said so", failure)
    for kind in Doubt:
        ledger.doubt(intent(kind.value).key, 1, "lost", kind)
    ledger.release(intent("released").key, 1, "refused")
    ledger.doubt(intent("absent").key, 1, "lost")
    ledger.release_absent(intent("absent").key, 1, "not on the list")
    ledger.submitted(intent("gone").key, 1, "g-gone")
    ledger.gone(intent("gone").key, "g-gone")


async def decisions(ledger: Ledger, clock: Clock) -> list[object]:
    """The decisions of the ledger on those orders: what is spent, what may be sent, and what is sent."""
    drawn = plan(film(scene("a"))).shots[0]
    rows = sorted(ledger.orders([intent(name).key for name in NAMES]).values(), key=lambda row: row.key)
    told: list[object] = [ledger.spent("production", "film", realm="luma"), ledger.creates("run", "r", realm="luma")]
    told += [(row.state, row.moderated, row.unheard_since(90), seen(drawn, row, bool).state) for row in rows]
    told += [row.key for row in ledger.suspended("luma")]
    luma = Luma(lists=False)
    service = luma.provider()
    service.has_list = False
    gateway = PurchaseGateway(ledger, lambda: service, run="s", patience=0, sleep=Slept(clock))
    for name in NAMES:
        try:
            told.append((await gateway.purchase(intent(name), PARAMS, on_wait=lambda _: None)).bought)
        except StudioError as error:
            told.append(type(error))
    return [*told, len(luma.sent)]


@pytest.mark.long
async def test_other_words_in_the_books_change_no_decision(
    ledger: Ledger, clock: Clock, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """With any other reason and note in every order and line, the same is spent, held, refused and sent."""
    expected: list[object] | None = None
    for number, words in enumerate(WORDS):
        folder = tmp_path_factory.mktemp("books")
        books = ledger if number == 0 else open_ledger(f"sqlite:///{folder / 'l.db'}", clock=clock)
        began = clock.now
        fill(books)
        with books.writing() as connection:
            connection.execute(update(orders).values(reason=words))
            connection.execute(update(entries).values(note=words))
        found = await decisions(books, clock)
        clock.now = began
        books.close()
        expected = expected or found
        assert found == expected
    assert expected is not None
    assert Moderated in expected
    assert InDoubt in expected
    assert isinstance(expected[0], Decimal)


#: What is only told to people: an error's words, a line's note, a service's reason.
PROSE = {"reason", "message", "hint", "note", "failure_reason", "why", "text"}
LOOKED_INTO = {"startswith", "endswith", "find", "index", "partition", "rpartition", "split", "count", "lower"}
#: Texts in which another text is looked for, and money hangs on none of it: which part of a request is named in a hint.
WORDING = {"studio/purchasing/order_errors.py"}


def test_no_code_looks_into_the_words_of_an_error() -> None:
    """Nowhere is an error's or the books' prose compared with a text, or searched for one."""
    found = []
    for top in ("studio", "flows", "tasks"):
        for path in sorted((ROOT / top).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if name.startswith("luma_sandbox/") or name in WORDING:
                continue
            found += [f"{name}:{line}" for line in looked_into(ast.parse(path.read_text("utf-8")))]
    assert found == []


def looked_into(tree: ast.AST) -> list[int]:
    """Lines that compare an attribute of prose with something else than None, or search one."""
    return [node.lineno for node in ast.walk(tree) if isinstance(node, ast.expr) and _looks(node)]


def _looks(node: ast.expr) -> bool:
    if isinstance(node, ast.Compare):
        parts = (node.left, *node.comparators)
        return any(map(_prose, parts)) and not any(isinstance(p, ast.Constant) and p.value is None for p in parts)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in LOOKED_INTO and _prose(node.func.value)
    return False


def _prose(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in PROSE
