"""What was announced is kept in the ledger, so that of many who notice something, one tells it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from studio.ledger import open_ledger
from studio.ledger.announced import first_to_announce, no_longer


def test_one_of_many_tells_it(url: str) -> None:
    """Of ten that notice the same thing at once, each with a ledger of its own, exactly one is the first."""
    open_ledger(url).close()

    def notice(_: int) -> bool:
        ledger = open_ledger(url)
        try:
            return first_to_announce(ledger, "cap.near|luma|month|2026-11")
        finally:
            ledger.close()

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(notice, range(10))) == 1


def test_what_no_longer_holds_may_be_told_again(url: str) -> None:
    """After it was forgotten there is a first one again; other things are not touched."""
    ledger = open_ledger(url)
    assert [first_to_announce(ledger, name) for name in ("a", "b", "a")] == [True, True, False]
    no_longer(ledger, "a")
    no_longer(ledger, "never told")
    assert [first_to_announce(ledger, name) for name in ("a", "b")] == [True, False]
    ledger.close()
