"""Shots that were bought and then failed, were refused, or are late: the real flow against a real sandbox."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from studio.errors import Incomplete
from studio.production import Production
from tests.support.running import Sandbox, booked, charged, command

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


@pytest.fixture
def sandbox(tmp_path: Path, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox whose generations take two seconds; runs in ``workplace`` go to it."""
    sandbox = Sandbox(tmp_path / "sandbox", latency=2)
    sandbox.start()
    monkeypatch.setenv("LUMAAI_BASE_URL", sandbox.url)
    yield sandbox
    sandbox.stop()


def production(*prompts: str) -> Production:
    scenes = [{"id": prompt, "prompt": f"{prompt} waves on a beach"} for prompt in prompts]
    return Production.model_validate({"title": "T", "model": "ray-flash-2", "resolution": "540p", "scenes": scenes})


def plan(sandbox: Sandbox, faults: list[dict[str, Any]]) -> None:
    """Give the sandbox this plan of faults."""
    httpx.post(f"{sandbox.origin}/sandbox/faults", json=faults, trust_env=False).raise_for_status()


def bought(sandbox: Sandbox) -> Counter[str]:
    """The number of creates that the sandbox accepted, by the first word of their prompts."""
    return Counter(prompt.split()[0] for prompt in sandbox.prompts())


@pytest.mark.usefixtures("prefect_server")
async def test_failures_are_ordered_again_and_moderation_is_final(workplace: Path, sandbox: Sandbox) -> None:
    """A shot that the service fails is ordered three times in all, one that moderation refused once. All are refunded.

    The next run tries the failed ones again, and does not send what was refused.
    """
    from flows.produce import produce

    wanted = production("flaky", "broken", "refused")
    faults = [
        {"kind": "fails", "containing": "flaky", "times": 2, "reason": "Job failed"},
        {"kind": "fails", "containing": "broken", "reason": "Error dispatching job"},
        {"kind": "fails", "containing": "refused", "reason": "Advanced prompt moderation failed"},
    ]
    await asyncio.to_thread(plan, sandbox, faults)
    with pytest.raises(Incomplete, match=r"(?s)Error dispatching job.*the service refused the prompt") as error:
        await produce(production=wanted, out="one")
    assert error.value.missing == ("broken", "refused")
    assert bought(sandbox) == {"flaky": 3, "broken": 3, "refused": 1}
    assert booked(workplace) == charged(sandbox) == Decimal("0.14")
    with pytest.raises(Incomplete):
        await produce(production=wanted, out="two")
    assert bought(sandbox) == {"flaky": 3, "broken": 6, "refused": 1}
    assert booked(workplace) == charged(sandbox) == Decimal("0.14")


def test_the_command_says_what_helps_a_refused_scene(workplace: Path, sandbox: Sandbox) -> None:
    """The hint names the prompt and a flag, but neither an image, which the scene lacks, nor the same run again."""
    plan(sandbox, [{"kind": "fails", "containing": "refused", "reason": "Frame moderation failed"}])
    (workplace / "film.json").write_text(production("refused").model_dump_json(exclude_unset=True))
    for _ in range(2):  # the second is refused by what the books know
        done = command(workplace, "film.json", LUMAAI_BASE_URL=sandbox.url)
        assert done.returncode == 1
        said = done.stderr.partition("error: ")[2]
        assert (
            "change its prompt; or, as the verdict is not always the same, try another take: --retake refused" in said
        )
        assert "once that is put right, only what is missing is paid for" in said
        assert "image" not in said
        assert "again" not in said
    assert bought(sandbox) == {"refused": 1}


@pytest.mark.usefixtures("prefect_server")
async def test_what_is_not_ready_in_time_is_awaited_by_the_next_run(
    workplace: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A generation that a run stops waiting for is paid for: the next run awaits the same one, and buys nothing."""
    from flows.produce import produce

    sandbox.again(latency=3600)  # however slow this machine is, the generation is slower
    monkeypatch.setenv("LUMAAI_BASE_URL", sandbox.url)
    monkeypatch.setenv("STUDIO_WAIT_TIMEOUT", "0.2")
    with pytest.raises(Incomplete, match="it is awaited, not bought again"):
        await produce(production=production("slow"), out="one")
    assert booked(workplace) == charged(sandbox) == Decimal("0.14")
    sandbox.again(latency=0)
    monkeypatch.setenv("LUMAAI_BASE_URL", sandbox.url)
    monkeypatch.delenv("STUDIO_WAIT_TIMEOUT")
    film = await produce(production=production("slow"), out="two")
    (create,) = sandbox.books()["creates"]
    assert [s["generation_id"] for s in film["scenes"]] == [create["id"]]
    assert (film["cost_usd"], film["reused_usd"]) == ("0.00", "0.14")
