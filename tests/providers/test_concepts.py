"""Camera concepts: every key, its plain words, its phrase for Ray 3, and the command that lists them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from luma_sandbox import rules
from studio.providers.luma.concepts import CONCEPTS, PHRASES, camera_key, in_words, phrase, sentence, words_for
from studio_cli.concepts import app

SERVICE = [key for key in CONCEPTS if key != "selfie"] + ["whip_pan"]


def test_every_key_has_a_phrase() -> None:
    """Exactly the service's 34 keys have phrases, each different, and a clause without a full stop."""
    assert set(PHRASES) == set(CONCEPTS) == set(rules.CONCEPTS)
    assert len(CONCEPTS) == len(set(PHRASES.values())) == 34
    for key in CONCEPTS:
        assert phrase(key)[0].islower()
        assert phrase(key)[-1].isalpha()
    assert phrase("push_in") == "the camera pushes in slowly"


def test_opposites_differ_in_one_word() -> None:
    """The phrases of left and right, up and down, in and out differ in exactly these words."""
    swapped = {"left": "right", "up": "down", "in": "out"}
    for key in CONCEPTS:
        for one, other in swapped.items():
            twin = key.replace(f"_{one}", f"_{other}")
            if twin != key and twin in CONCEPTS:
                words = zip(phrase(key).split(), phrase(twin).split(), strict=True)
                assert {(a.strip(","), b.strip(",")) for a, b in words if a != b} == {(one, other)}


def test_phrases_become_one_sentence() -> None:
    """Several concepts are one sentence after the prompt, each once; none leaves the prompt as it was."""
    assert sentence(["push_in", "low_angle", "push_in"]) == (
        "The camera pushes in slowly, and the camera looks up from a low angle."
    )
    assert in_words("A lake at dawn", ["static"]) == "A lake at dawn. The camera is static on a tripod."
    assert in_words("A lake! ", ["zoom_in"]) == "A lake! The lens zooms in."
    assert in_words(" ", ["zoom_in"]) == "The lens zooms in."
    assert in_words("A lake ", []) == "A lake "
    with pytest.raises(KeyError):
        phrase("drone_shot")


def test_plain_words_mean_their_key() -> None:
    """Every plain word that is listed for a key is understood as that key."""
    listed = [(key, word) for key in CONCEPTS for word in words_for(key)]
    assert ("overhead", "bird's eye") in listed
    assert all(camera_key(word) == key for key, word in listed)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A server on this machine that lists other concepts; the paths that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = json.dumps(SERVICE).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    monkeypatch.setenv("LUMAAI_BASE_URL", f"http://127.0.0.1:{server.server_port}/dream-machine/v1")
    yield asked
    server.shutdown()
    serving.join()
    server.server_close()


def test_the_command_needs_nothing(workplace: Path, service: list[str]) -> None:
    """Without options every key is listed with its words and its phrase, without a request or a file."""
    shown = CliRunner().invoke(app, [])
    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    for key in CONCEPTS:
        assert len([line for line in lines if line.startswith(f"{key} ") and line.rstrip().endswith(phrase(key))]) == 1
    told = json.loads(CliRunner().invoke(app, ["--json"]).stdout)
    assert list(told) == ["concepts"]
    assert [entry["key"] for entry in told["concepts"]] == list(CONCEPTS)
    assert told["concepts"][-2] == {"key": "zoom_in", "words": ["zoom"], "phrase": "the lens zooms in"}
    assert service == []
    assert list(workplace.iterdir()) == []


def test_the_command_asks_the_service(workplace: Path, service: list[str]) -> None:
    """With --live the service's own list is asked for, and the differences are reported."""
    shown = CliRunner().invoke(app, ["--live"])
    assert shown.exit_code == 0
    assert "The service also has: whip_pan" in shown.stdout
    assert "The service no longer has: selfie" in shown.stdout
    told = json.loads(CliRunner().invoke(app, ["--live", "--json"]).stdout)
    assert told["live"] == {"keys": 34, "new": ["whip_pan"], "gone": ["selfie"]}
    assert service == ["/dream-machine/v1/generations/concepts/list"] * 2
