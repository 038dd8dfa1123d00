"""Nobody spends by accident: a billed run names its production, and no run is given two."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.errors import BadInput, NotConfirmed
from studio.production import Production, bundled_example, chosen_production
from tests.support.running import Sandbox, chain, command

FILM = "title: Filed\nmodel: ray-flash-2\nresolution: 540p\nscenes:\n  - id: only\n    prompt: a quiet harbour\n"


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A production in a file."""
    file = tmp_path / "filed.yaml"
    file.write_text(FILM)
    return file


@pytest.mark.parametrize("billed", [True, False])
def test_one_production_is_taken(film: Path, billed: bool) -> None:
    """A file, or a written production, is what is made, billed or not; white space names no file."""
    assert chosen_production(film, billed=billed).title == "Filed"
    assert chosen_production(str(film), billed=billed).title == "Filed"
    for nothing in ("", "  ", None):
        assert chosen_production(nothing, chain(), billed=billed).title == "Chain"


@pytest.mark.parametrize("nothing", ["", " ", None])
def test_none_is_the_bundled_example_where_nothing_is_billed(nothing: str | None) -> None:
    """Without a production, the sandbox makes the bundled example; where it would be billed, that is refused."""
    assert chosen_production(nothing, billed=False).title == chosen_production(bundled_example(), billed=True).title
    with pytest.raises(NotConfirmed, match="no production is given, and this run would be billed") as refused:
        chosen_production(nothing, billed=True)
    assert str(bundled_example()) in refused.value.hint
    assert refused.value.exit_status == 2


@pytest.mark.parametrize("billed", [True, False])
def test_two_are_refused(film: Path, billed: bool) -> None:
    """A file and a written production together are one error that names both, whether the file is there or not."""
    for file in (film, film.with_name("nowhere.yaml")):
        with pytest.raises(BadInput) as refused:
            chosen_production(file, chain(), billed=billed)
        assert f"the file {file}, and the written one 'Chain'" in refused.value.message
        assert refused.value.exit_status == 2


@pytest.mark.timeout(600)
@pytest.mark.parametrize("agreed", [[], ["--yes"], ["--budget", "50"]])
def test_the_command_without_a_production(workplace: Path, sandbox: Sandbox, agreed: list[str]) -> None:
    """With a key, the command without a production ends with status 2, and nothing is ordered, whatever was agreed."""
    live = {"LUMAAI_API_KEY": "luma-x", "LUMAAI_BASE_URL": sandbox.url}
    done = command(workplace, *agreed, **live)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
    assert "no production is given, and this run would be billed" in done.stderr
    assert sandbox.prompts() == []
    assert not list(workplace.glob("films/*"))


@pytest.mark.timeout(600)
def test_a_plan_of_the_bundled_example_spends_nothing(workplace: Path, sandbox: Sandbox) -> None:
    """With a key, ``--plan`` without a production still shows what the bundled example would cost."""
    done = command(workplace, "--plan", LUMAAI_API_KEY="luma-x", LUMAAI_BASE_URL=sandbox.url)
    assert done.returncode == 0, done.stderr
    assert chosen_production(None, billed=False).title in done.stdout
    assert sandbox.prompts() == []


@pytest.mark.timeout(600)
async def test_a_flow_run_without_a_production(
    studio: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """An empty form on a billed service fails before anything is ordered, with a budget too."""
    from flows.produce import produce

    monkeypatch.setenv("LUMAAI_API_KEY", "luma-x")
    for budget in (None, 50):
        with pytest.raises(NotConfirmed, match="no production is given"):
            await produce(budget=budget)
    assert sandbox.prompts() == []
    assert not list(studio.glob("films/*"))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("key", ["", "luma-x"])
async def test_a_flow_run_with_two_productions(
    studio: Path, sandbox: Sandbox, film: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:  # fmt: skip
    """A flow that is given a file and a written production fails, and makes neither, in the sandbox too."""
    from flows.produce import produce

    monkeypatch.setenv("LUMAAI_API_KEY", key)
    written = Production.model_validate(chain().model_dump(mode="json"))
    with pytest.raises(BadInput, match=r"filed\.yaml, and the written one 'Chain'"):
        await produce(production_file=str(film), production=written, budget=50)
    assert sandbox.prompts() == []
