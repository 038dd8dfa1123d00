"""The lease on a file that several machines need: one fetches it, and what it knows is told to all."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from studio.ledger import Ledger, lease
from studio.ledger.fetched import Fetched, FileOf, claim_fetch, end_fetch, fetched_file, renew_fetch
from tests.support.books import Clock

CLIP = FileOf("luma", "dream-machine", "gen-1")
SHA, OTHER = "a" * 64, "b" * 64


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch):
    """Become another machine, by its name."""

    def become(name: str) -> None:
        here = dataclasses.replace(lease.this_process(), host=name, nonce=name)
        monkeypatch.setattr("studio.ledger.fetched.this_process", lambda: here)

    return become


def test_one_of_two_fetches(ledger: Ledger, machine) -> None:
    """The second is refused while the first fetches, and after that has told the file; other files are free."""
    machine("one")
    assert claim_fetch(ledger, CLIP, tried=None, seconds=60)
    machine("two")
    assert not claim_fetch(ledger, CLIP, tried=None, seconds=60)
    assert claim_fetch(ledger, dataclasses.replace(CLIP, part="exr"), tried=None, seconds=60)
    assert claim_fetch(ledger, dataclasses.replace(CLIP, realm="sandbox"), tried=None, seconds=60)
    machine("one")
    end_fetch(ledger, CLIP, sha256=SHA, size=7)
    machine("two")
    assert not claim_fetch(ledger, CLIP, tried=None, seconds=60)
    assert fetched_file(ledger, CLIP) == Fetched(SHA, 7, None)


def test_a_lease_ends_by_itself(ledger: Ledger, clock: Clock, machine) -> None:
    """A machine that died delays the others until its lease ends; one that renews it keeps it."""
    machine("one")
    assert claim_fetch(ledger, CLIP, tried=None, seconds=60)
    clock.now += timedelta(seconds=59)
    assert renew_fetch(ledger, CLIP, seconds=60)
    machine("two")
    clock.now += timedelta(seconds=59)
    assert not claim_fetch(ledger, CLIP, tried=None, seconds=60)
    clock.now += timedelta(seconds=1)
    assert claim_fetch(ledger, CLIP, tried=None, seconds=60)
    machine("one")
    assert not renew_fetch(ledger, CLIP, seconds=60)
    end_fetch(ledger, CLIP)  # of a lease that has passed on: it stays the other's
    assert fetched_file(ledger, CLIP).until is not None


def test_a_fetch_that_failed_is_free_at_once(ledger: Ledger, machine) -> None:
    """A machine that gives up lets go of its lease, and nothing is told of the file."""
    machine("one")
    assert claim_fetch(ledger, CLIP, tried=None, seconds=60)
    end_fetch(ledger, CLIP)
    machine("two")
    assert fetched_file(ledger, CLIP) == Fetched()
    assert claim_fetch(ledger, CLIP, tried=None, seconds=60)


def test_what_the_store_lost_is_fetched_again_by_one(ledger: Ledger, machine) -> None:
    """A machine that could not use the store's copy may fetch the file, unless another has replaced it meanwhile."""
    machine("one")
    assert claim_fetch(ledger, CLIP, tried=None, seconds=60)
    end_fetch(ledger, CLIP, sha256=SHA, size=7)
    assert claim_fetch(ledger, CLIP, tried=SHA, seconds=60)
    end_fetch(ledger, CLIP, sha256=OTHER, size=8)
    machine("two")
    assert not claim_fetch(ledger, CLIP, tried=SHA, seconds=60)
    assert fetched_file(ledger, CLIP) == Fetched(OTHER, 8, None)


def test_the_lease_of_a_dead_process_here_is_free(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process of this machine that has certainly ended delays nobody."""
    gone = dataclasses.replace(lease.this_process(), pid=2**22 + 1, nonce="gone")
    with monkeypatch.context() as there:
        there.setattr("studio.ledger.fetched.this_process", lambda: gone)
        assert claim_fetch(ledger, CLIP, tried=None, seconds=60)
    assert claim_fetch(ledger, CLIP, tried=None, seconds=60)
