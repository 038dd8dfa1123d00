"""Foreign text is made harmless where it comes in, and once more where it is shown."""

from __future__ import annotations

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table

from studio.cleaning import clean, printable
from studio.errors import AssetError, FfmpegError, Problem, ProductionError, StudioError
from studio.failures import KNOWN, failure_class
from studio.media import ffmpeg
from studio_cli.console import Screen, Terminal
from tests.support.luma import Luma, LumaAgents

SIGNED = "https://bucket.example/a.png?X-Amz-Signature=SECRET&X-Amz-Expires=60"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (f"cannot read {SIGNED} now", "cannot read <url> now"),
        ("s3://bucket/SECRET data:image/png;base64,SECRET file:/etc/SECRET", "<url> <url> <url>"),
        ("bucket.example/a.png?b=1&sig=SECRET", "<url>"),
        ("X-Amz-Signature=SECRET is wrong, so is (token=SECRET)", "<url> is wrong, so is <url>"),
        ('{"url":"https:\\/\\/bucket.example\\/a?sig=SECRET"}', '{"url":"<url>"}'),
        ("https%3A%2F%2Fbucket.example%2Fa%3Fsig%3DSECRET", "<url>"),
        ("htt\u200bps://bucket.example/?si\x00g\x1b[0m=SECRET", "<url>"),
        ("\x1b[31mred\x1b[0m \x1b]0;a title\x07and \x9b1Jmore \x1b]8;;https://b.example\x1b\\link\x1b]8;;\x1b\\",
         "red and more link"),
        ("a\u202eb\u2066c\u200bd\ufeffe\ud800f\u00adg", "abcdefg"),
        ("  two\r\n\t lines\u2028more ", "two lines more"),
        ("Prompt is too short, minimum length is 3 characters", "Prompt is too short, minimum length is 3 characters"),
        ("ratio 16:9, 50 % & more = better; für 影片 🎬", "ratio 16:9, 50 % & more = better; für 影片 🎬"),
        ("x" * 700, "x" * 599 + "…"),
    ],
)  # fmt: skip
def test_a_services_words(said: str, told: str) -> None:
    """Addresses, controls and what is not seen are gone; plain words are as they were, on one line, not too many."""
    assert clean(said) == told


@given(st.text(alphabet=st.characters(), max_size=80) | st.text(alphabet="\x1b[]0;m\x9b\x07\\ a:/?=&sig", max_size=80))
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    """Whatever the text: cleaning it twice is cleaning it once, and it can be encoded and printed."""
    for cleaned in (clean(text), printable(text)):
        cleaned.encode()
        assert not [c for c in cleaned if c != "\n" and c != "\t" and (ord(c) < 32 or 127 <= ord(c) < 160)]
    assert printable(printable(text)) == printable(text)


@pytest.mark.parametrize("reason", [*KNOWN, "failed to moderate image", "Advanced moderation failed"])
async def test_a_failures_reason_is_clean_and_still_told_apart(reason: str) -> None:
    """Both providers clean the reason of a failure; whose failure it was is read from it as before."""
    luma, agents = Luma(), LumaAgents()
    said = f"\x1b[31m{reason}\x1b[0m: {SIGNED}\x1b]0;own\x07"
    luma.finish(luma.accept({"model": "ray-2"})["id"], "failed", said)
    agents.finish(agents.accept({"type": "video"})["id"], "failed", f"\u200b{reason}", said)
    one, other = luma.provider(), agents.provider()
    for made, told in (
        (await one.get("generation-1"), f"{reason}: <url>"),
        (await other.get("generation-1"), f"{reason}: {reason}: <url>"),
    ):
        assert made.failure_reason == told
        assert failure_class(made.failure_reason) == failure_class(reason)
    await one.aclose()
    await other.aclose()


async def test_every_word_of_an_answer_is_clean() -> None:
    """State, model, kind, concepts and the text of an error hold nothing that a terminal obeys, and no address."""
    luma = Luma()
    made = luma.accept({"model": "ray-2\x1b[2J"})
    made |= {"state": "\x1b[0mcompleted", "generation_type": "vid\x00eo"}
    provider = luma.provider()
    found = await provider.get(made["id"])
    assert (found.model, found.state, found.kind) == ("ray-2", "completed", "video")
    luma.script = [lambda _, __: httpx.Response(400, json={"detail": f"no \x1b]0;x\x07{SIGNED}"})]
    with pytest.raises(StudioError, match=r"the service answered 400: no <url>$"):
        await provider.create("video", {"model": "ray-2", "prompt": "a sea"})
    await provider.aclose()


def test_an_errors_text_can_be_printed() -> None:
    """File names, logs and words of others reach no terminal as they are, whichever error carries them."""
    nasty = "a\x1b[2J\ud800\u202eb\n  c"
    for error in (
        AssetError(nasty, where=nasty, hint=nasty),
        FfmpegError(nasty, log=nasty, path=nasty),
        ProductionError([Problem(nasty, nasty, nasty)]),
    ):
        assert str(error).encode()
        assert not set(str(error)) & set("\x1b\ud800\u202e")
    assert FfmpegError("x", log=nasty).log == "a��b\n  c"


def test_a_file_name_is_printed_harmlessly(workplace: Path) -> None:
    """A production whose name holds escape sequences and no UTF-8 is one error, and the terminal obeys nothing."""
    name = os.fsencode(workplace) + b"/b\xff\x1b[2J.yaml"
    line = [sys.executable, "-m", "flows.produce", "--plan", name]
    done = subprocess.run(line, capture_output=True, cwd=workplace, stdin=subprocess.DEVNULL, timeout=240)
    assert done.returncode == 2
    assert done.stderr.startswith(b"error: ")
    assert b"\x1b" not in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("live", [True, False])
def test_a_screen_shows_nothing_that_a_terminal_obeys(live: bool) -> None:
    """Details of shots, notes and cells of tables are shown without their escape sequences."""
    out = StringIO()
    screen = Screen(out, live=live)
    screen.shot("a\x1b]0;x\x07", "failed\x1b[2J", "first\x1b[31m line\nsecond")
    screen.shot("b", "failed", "\x1b[0m")
    screen.note("a note\x1b[31m")
    console = Terminal(file=out, width=200)
    console.print(screen.__rich__())
    table = Table("\x1b[2Jhead", title="\x1b[3Jtitle")
    table.add_row("cell\x1b[31m")
    console.print(table, "\x9b2J", markup=False)
    assert "first line" in out.getvalue()
    assert "\x1b" not in out.getvalue()
    assert "\x9b" not in out.getvalue()


def test_ffmpegs_log_is_harmless(tmp_path: Path) -> None:
    """Names and titles in ffmpeg's error have no escape sequences."""
    missing = tmp_path / "no\x1b[31mthing.mp4"
    with pytest.raises(FfmpegError) as caught:
        ffmpeg.run(ffmpeg.clip_input(missing).output(str(tmp_path / "out.mp4")))
    assert "thing.mp4" in caught.value.log
    assert "\x1b" not in caught.value.log + str(caught.value)
