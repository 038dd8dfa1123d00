"""Remedies told to a person: true for what the scene has, and for where the run was started."""

from __future__ import annotations

import ast
import asyncio
import html
import json
import re
from dataclasses import fields, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import studio
from studio.errors import BadInput, CannotWrite, Incomplete, Moderated, ProductionError, StudioError
from studio.execution.outcome import failure_of
from studio.execution.projects import budget_notes
from studio.execution.record import ShotResult
from studio.execution.session import open_session
from studio.failures import FailureClass
from studio.ledger import OrderRow
from studio.planning import derived
from studio.planning.plan import Budgeting, Shot, Source, parse_takes
from studio.production import Production, chosen_production, parse_production
from studio.providers.pricing import Quote
from studio.purchasing.order_errors import generation_failed, gone
from studio.remedies import AGAIN, Aside, Place, option, text_of
from studio.report import markdown_summary, write_manifest, write_report
from studio.report.run_json import run_summary
from studio.settings import load_settings
from studio.wording import Surface, asked_from
from tests.support.reports import sample

SHOT = Shot(
    id="a", scene="a", model="ray-2", resolution="540p", aspect_ratio="16:9", seconds=Fraction(5), prompt="a harbour",
    start=None, end=None, take=1, realm="sandbox", api="dream-machine",
    quote=Quote(Decimal("0.40"), "x"), request={},
)  # fmt: skip
IMAGE = Source("image", "f" * 64)
STUDIO = Path(studio.__file__).parent
GONE = gone(OrderRow(**{
    **dict.fromkeys((field.name for field in fields(OrderRow)), None), "key": "0123456789abcdef" * 4, "scene": "a",
    "generation_id": "g-1",
}))  # fmt: skip
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
        assert [str(told) for told in (option("retake", "a"), option("allow_odd"), Place("reframe"))] == [
            retake, odd, reframe,
        ]  # fmt: skip
        assert str(AGAIN).startswith(next_time)
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
    """A run in Prefect is told of the form's fields, and of no flag or command that is not there."""
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
    with pytest.raises(ProductionError, match="it is taken from") as wrong, asked_from(Surface.FORM):
        chosen_production("nowhere/film.yaml", billed=False)
    assert str(tmp_path) in str(wrong.value)
    assert wrong.value.worded(Surface.COMMAND).endswith("→ check the path")


@pytest.mark.parametrize("named", ["only", "retake", "renew", "keep", "takes"])
async def test_a_scene_that_is_not_there_is_told_with_the_option_that_named_it(workplace: Path, named: str) -> None:
    """The flag on the command line, the field in the form: a run may be given scenes in five of them."""
    given: dict[str, Any] = {named: {"b": 2} if named == "takes" else ("b",)}
    async with open_session(load_settings()) as session:
        for where, place in ((Surface.COMMAND, f"--{named.removesuffix('s')}"), (Surface.FORM, f"field '{named}'")):
            with asked_from(where), pytest.raises(BadInput, match="there is no scene 'b'") as wrong:
                await session.plan(film(), **given)
            assert wrong.value.worded(where).startswith(f"{place}: ")


def test_a_flow_in_a_command_speaks_of_flags() -> None:
    """The command runs the flow, and it is the command that its user has before them."""
    with asked_from(Surface.COMMAND), asked_from(Surface.FORM):
        assert str(option("draft")) == "--draft"
    with asked_from(Surface.COMMAND), asked_from(Surface.LIBRARY):
        assert str(option("draft")) == ""


def test_one_error_is_worded_for_every_surface() -> None:
    """An error that was made names its remedies by values: each front-end shows the same object in its own words."""
    said = {surface: GONE.worded(surface) for surface in Surface}
    assert said[Surface.COMMAND].endswith(
        "for its price:\n"
        "      python -m flows.reconcile --release 0123456789ab    the same take again\n"
        "      or another take: --retake a"
    )
    assert said[Surface.FORM].endswith(
        "for its price (in a terminal on the machine that has the ledger):\n"
        "      python -m flows.reconcile --release 0123456789ab    the same take again\n"
        "      or another take: 'a' in the field 'retake'"
    )
    assert said[Surface.LIBRARY].endswith("or another take: take=2")
    assert str(GONE).endswith("or another take: the option retake (a)")
    for surface in Surface:
        with asked_from(surface):
            assert str(GONE) == said[surface]


def test_an_error_keeps_the_words_of_the_front_end_that_it_left() -> None:
    """Prefect writes a flow's error into its state after the flow is over; the inner front-end's words count."""
    for inner, said in ((Surface.FORM, "the field 'apart'"), (Surface.LIBRARY, "another production name")):
        with pytest.raises(StudioError) as wrong, asked_from(inner):
            raise StudioError(text_of("give ", option("apart")))
        with asked_from(Surface.COMMAND):
            assert str(wrong.value).startswith(f"give {said}")
        assert wrong.value.worded(Surface.COMMAND) == "give --apart"


def test_an_error_within_another_keeps_its_remedies() -> None:
    """A run that ends without scenes quotes their errors: worded as a whole for whoever it is shown to."""
    refused = generation_failed("Contains blacklisted words", FailureClass.MODERATION, SHOT)
    failed = generation_failed("Job failed", FailureClass.SERVICE, replace(SHOT, id="b", scene="b"))
    results = {"a": ShotResult(SHOT, error=refused), "b": ShotResult(SHOT, error=failed)}
    error = failure_of(results, film=False, allow_missing=False)
    assert isinstance(error, Incomplete)
    for surface, take, again in (
        (Surface.COMMAND, "--retake a", "run the same command again"),
        (Surface.FORM, "'a' in the field 'retake'", "retry this run, or start it again with the same parameters"),
        (Surface.LIBRARY, "take=2", "make the same call again"),
    ):
        said = error.worded(surface)
        assert f"try another take: {take}\n" in said
        assert f"nothing was charged: {again}\n" in said
        assert said.endswith(f"what was made is kept: {again}, and only what is missing is paid for")


def test_a_note_of_a_plan_is_worded_where_it_is_shown() -> None:
    """A plan that was drawn before anybody said where it is shown has a note for each surface."""
    (note,) = budget_notes(Budgeting(others=("other",)))
    shown = {}
    for surface in Surface:
        with asked_from(surface):
            shown[surface] = str(note).rpartition(": ")[2]
    assert shown == {
        Surface.COMMAND: "--apart",
        Surface.FORM: "the field 'apart'",
        Surface.LIBRARY: "another production name for the provider",
    }
    assert str(note) == "the budget is shared with other. For a budget of its own: the option apart"


@pytest.mark.parametrize(
    ("surface", "note", "error"),
    [
        (Surface.COMMAND, "of its own: --apart", "another take: --retake a"),
        (Surface.FORM, "of its own: the field 'apart'", "another take: 'a' in the field 'retake'"),
    ],
)
def test_a_record_is_written_in_the_words_of_the_run(tmp_path: Path, surface: Surface, note: str, error: str) -> None:
    """One record: its notes and errors in the summary's JSON, the manifest, the artifact and the page alike."""
    record = sample(tmp_path)
    shots = [replace(shot, error=GONE.text) if shot.error else shot for shot in record.shots]
    record = replace(record, shots=tuple(shots), notes=budget_notes(Budgeting(others=("other",))))
    with asked_from(surface):
        summary = run_summary(record)
        artifact = html.unescape(markdown_summary(record)).replace("\\", "")
        manifest = json.loads(write_manifest(record, tmp_path).read_text(encoding="utf-8"))
        page = html.unescape(write_report(record, tmp_path).read_text(encoding="utf-8"))
    assert summary["notes"] == manifest["notes"]
    for text in (summary["notes"][0], artifact, page):
        assert note in text
    errors = [shot["error"] for shot in manifest["shots"] if shot["error"]]
    assert errors
    for text in (*errors, artifact, page, json.dumps(summary, ensure_ascii=False)):
        assert error in text


def test_what_a_surface_has_no_option_for_is_left_out() -> None:
    """The library makes no draft by an option: neither the option nor its brackets are shown."""
    hint = text_of("make a draft", Aside(" (", option("draft"), ")"), ", or less")
    assert hint.worded(Surface.LIBRARY) == "make a draft, or less"
    assert hint.worded(Surface.COMMAND) == "make a draft (--draft), or less"
    assert hint.worded(None) == "make a draft (the option draft), or less"


def test_what_a_terminal_obeys_is_taken_out_of_remedies() -> None:
    """The name of a scene that was asked for may be anybody's words, within a remedy as well."""
    error = BadInput(text_of("try ", option("only", "a\x1b[2Jb")))
    assert [error.worded(None), error.worded(Surface.COMMAND)] == ["try the option only (ab)", "try --only ab"]


async def test_runs_side_by_side_have_their_own_words() -> None:
    """Two runs in one process, of the library and of a form: each error has the words of its own."""

    async def fail(surface: Surface) -> str:
        try:
            with asked_from(surface):
                await asyncio.sleep(0)
                raise CannotWrite("no room", hint=AGAIN)
        except CannotWrite as error:
            return error.hint.partition(",")[0]

    assert await asyncio.gather(fail(Surface.LIBRARY), fail(Surface.FORM)) == [
        "make the same call again", "retry this run",
    ]  # fmt: skip


#: Flags of other programs, which are the same wherever a run was started from.
OF_OTHERS = {
    "media/ffmpeg.py": {"--upgrade", "--force-reinstall"},  # pip's
    "ledger/copies.py": {"--format", "--file"},  # pg_dump's
    "execution/local_sandbox.py": {"--tls", "--home", "--port", "--latency", "--attach"},  # luma_sandbox's
    "voice/espeak.py": {"--voices", "--version", "--stdin"},  # espeak-ng's
    "voice/piper.py": {"--length-scale", "--noise-scale", "--noise-w-scale", "--output-dir"},  # piper's
}
OURS = ("wording.py",)
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
FORM_WORDS = re.compile(r"field '(?:takes|retake|renew|keep|only|allow_odd|apart|draft|out)'|the form's")


def test_the_domain_knows_no_flag_and_no_field_of_a_form() -> None:
    """Outside of the one module with the front-ends' words, no text of ``studio`` writes an option as it is given."""
    found = {}
    for file in STUDIO.rglob("*"):
        name = file.relative_to(STUDIO).as_posix()
        if name in OURS or file.suffix not in (".py", ".html"):
            continue
        texts = " ".join(_texts(file))
        told = {*FLAG.findall(texts), *FORM_WORDS.findall(texts)} - OF_OTHERS.get(name, set())
        if told:
            found[name] = sorted(told)
    assert not found


def test_no_remedy_is_written_into_a_string() -> None:
    """In an f-string a remedy would have the words of that moment for good: texts with remedies are put together."""
    found = []
    folders = (STUDIO, STUDIO.parent / "tasks", STUDIO.parent / "flows")
    for file in (file for folder in folders for file in folder.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        imported = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "studio.remedies"
            for alias in node.names
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.FormattedValue):
                named = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)} & imported
                found += [f"{file.name}:{node.lineno}: {name}" for name in named]
    assert not found


def _texts(file: Path) -> list[str]:
    """The strings of a module, or a template without the custom properties of its styles."""
    if file.suffix != ".py":
        return re.split(r"--[a-z-]+(?=:|\))", file.read_text(encoding="utf-8"))
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]


def film() -> Production:
    return Production.model_validate({"title": "T", "scenes": [{"id": "a", "prompt": "a harbour"}]})
