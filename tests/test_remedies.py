"""What a person is told to do next: true for what the scene has, and for where the run was started."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from studio.errors import BadInput, Moderated, ProductionError
from studio.execution.session import open_session
from studio.failures import FailureClass
from studio.planning import derived
from studio.planning.plan import Shot, Source, parse_takes
from studio.production import Production, chosen_production, parse_production
from studio.providers.pricing import Quote
from studio.purchasing.order_errors import generation_failed
from studio.remedies import Surface, again, asked_from, option, place
from studio.settings import load_settings

SHOT = Shot(
    id="a", scene="a", model="ray-2", resolution="540p", aspect_ratio="16:9", seconds=Fraction(5), prompt="a harbour",
    start=None, end=None, take=1, seller="sandbox", api="dream-machine",
    quote=Quote(Decimal("0.40"), "x"), request={},
)  # fmt: skip
IMAGE = Source("image", "f" * 64)
FLAGS = ("--", "python -m flows.produce", "same command")


@pytest.mark.parametrize(
    ("reason", "changes", "said", "remedy"),
    [
        ("Contains blacklisted words", {}, "refused the prompt:", "change its prompt; or,"),
        ("Frame moderation failed", {}, "refused what came of it:", "change its prompt; or,"),
        ("content_moderated", {}, "refused the prompt:", "change its prompt; or,"),
        ("content_moderated: output", {"start": IMAGE}, "refused what came of it:", "its prompt or its start image;"),
        ("Frame moderation failed", {"start": IMAGE}, "refused the start image:", "its prompt or its start image;"),
        ("Frame moderation failed", {"end": IMAGE}, "refused the end image:", "change its prompt or its end image;"),
        ("Frame moderation failed", {"start": Source("shot", "b")}, "from ('b'):", "or 'b', which it is made from;"),
        ("Advanced prompt moderation failed", {"source": Source("footage", "0" * 64), "prompt": ""},
         "refused the footage:", "change its footage;"),
    ],
)  # fmt: skip
def test_a_refusal_speaks_of_what_the_scene_has(reason: str, changes: Any, said: str, remedy: str) -> None:
    """The remedy of a moderation refusal names the prompt, and a picture or footage only where the shot has one."""
    error = generation_failed(reason, FailureClass.MODERATION, replace(SHOT, **changes))
    assert isinstance(error, Moderated)
    assert said in error.message
    assert remedy in error.hint
    assert "again" not in error.hint
    if not changes:
        assert "image" not in str(error)


@pytest.mark.parametrize(
    ("where", "retake", "odd", "reframe", "next_time"),
    [
        (Surface.COMMAND, "--retake a", "--allow-odd", "--reframe", "run the same command again"),
        (Surface.FORM, "'a' in the field 'retake'", "the field 'allow_odd'", "field 'reframe'", "retry this run"),
        (Surface.LIBRARY, "take=2", "allow_odd=True", "reframe", "make the same call again"),
    ],
)
def test_an_option_is_named_as_where_one_is(
    where: Surface, retake: str, odd: str, reframe: str, next_time: str
) -> None:
    """A flag on the command line, a field of the form, an argument in the library; and each has its own "again"."""
    with asked_from(where):
        assert (option("retake", "a"), option("allow_odd"), place("reframe")) == (retake, odd, reframe)
        assert again().startswith(next_time)
        error = generation_failed("Contains blacklisted words", FailureClass.MODERATION, SHOT)
        assert error.hint.endswith(retake)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: derived(film(), draft=True, from_draft=True),
        lambda: derived(film(), reframe="9:17"),
        lambda: parse_takes(["a"]),
        lambda: chosen_production("film.yaml", film(), billed=False),
        lambda: chosen_production("", None, billed=True),
        lambda: generation_failed("Job failed", FailureClass.SERVICE, SHOT),
    ],
)
def test_a_form_hears_of_no_flags(wrong: Any) -> None:
    """What a run in Prefect is told names the form's fields, and no flag or command that is not there."""
    with asked_from(Surface.FORM):
        try:
            said = str(wrong())
        except BadInput as error:
            said = str(error)
    assert not any(flag in said for flag in FLAGS), said


def test_a_form_hears_where_its_paths_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no production file that a form's paths are relative to: the folder of the run is named."""
    monkeypatch.chdir(tmp_path)
    for asset in ("nowhere/a.png", "a.png"):
        with pytest.raises(ProductionError) as wrong:
            parse_production({
                "title": "T", "assets": [{"id": "a", "path": asset}],
                "scenes": [{"id": "a", "prompt": "a harbour", "start_image": "a"}],
            })  # fmt: skip
        assert f"paths are relative to the working folder, {tmp_path}" in str(wrong.value)
    with asked_from(Surface.FORM), pytest.raises(ProductionError, match="it is taken from") as wrong:
        chosen_production("nowhere/film.yaml", billed=False)
    assert str(tmp_path) in str(wrong.value)


@pytest.mark.parametrize("named", ["only", "retake", "renew", "takes"])
async def test_a_scene_that_is_not_there_is_told_with_the_option_that_named_it(workplace: Path, named: str) -> None:
    """The flag on the command line, the field in the form: a run may be given scenes in four of them."""
    given: dict[str, Any] = {named: {"b": 2} if named == "takes" else ("b",)}
    async with open_session(load_settings()) as session:
        for where, place in ((Surface.COMMAND, f"--{named.removesuffix('s')}"), (Surface.FORM, f"field '{named}'")):
            with asked_from(where), pytest.raises(BadInput, match="there is no scene 'b'") as wrong:
                await session.plan(film(), **given)
            assert wrong.value.where == place


def test_a_flow_in_a_command_speaks_of_flags() -> None:
    """The command runs the flow, and it is the command that its user has before them."""
    with asked_from(Surface.COMMAND), asked_from(Surface.FORM):
        assert option("draft") == "--draft"
    with asked_from(Surface.COMMAND), asked_from(Surface.LIBRARY):
        assert option("draft") == ""


def film() -> Production:
    return Production.model_validate({"title": "T", "scenes": [{"id": "a", "prompt": "a harbour"}]})
