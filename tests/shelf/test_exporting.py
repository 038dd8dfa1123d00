"""The commands ``export`` and ``verify``: a film that is there in other forms, and who signed a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from studio.atomic import digest
from studio.provenance.certificates import read_credential
from studio.provenance.signing import Claim, created, sign
from studio.storage.ownership import MANIFEST
from studio_cli.clean import app as clean
from studio_cli.export import app as export
from studio_cli.package import app as package
from studio_cli.verify import app as verify
from tests.delivery.films import film as real_film
from tests.provenance.certs import Issued
from tests.support.shelf import shelved


def manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
    return found


@pytest.fixture
def film(workplace: Path) -> Path:
    """The folder of a real film of a second and a half, as its run left it."""
    folder = shelved(workplace / "films", workplace / ".studio")
    made = real_film(folder / "film.mp4")
    found = manifest(folder)
    found["film"] |= {"sha256": made.sha256, "frames": made.frames, "bytes": made.path.stat().st_size}
    (folder / MANIFEST).write_text(json.dumps(found))
    return folder


def said(*words: str, status: int = 0, app: Any = export) -> Result:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == status, done.output
    assert "Traceback" not in done.output
    return done


def test_a_film_is_exported(film: Path) -> None:
    """The files are beside the film, and in its manifest; again, they are there; a further one is added."""
    shown = said("the quay", "web", "gif").stdout
    assert shown.startswith("The Quay, final, of 20")
    assert "deliveries/the-quay.web.mp4  H.264, 320×180, 24 fps, 1.5 s, AAC, " in shown
    first = manifest(film)["deliveries"]
    assert [one["path"] for one in first] == ["deliveries/the-quay.web.mp4", "deliveries/the-quay.gif.gif"]
    assert [digest(film / one["path"]) for one in first] == [one["sha256"] for one in first]
    told = json.loads(said(str(film), "WEB", "web", "webp", "--json").stdout)
    assert [(one["preset"], one["kept"]) for one in told["deliveries"]] == [("web", True), ("webp", False)]
    assert [one["preset"] for one in manifest(film)["deliveries"]] == ["gif", "web", "webp"]
    assert "made before" in said("latest", "web").stdout
    assert not list(film.rglob("*.part"))


def test_a_client_gets_them(film: Path) -> None:
    """A client's package has what the film was made into, as it was made; one that was removed is left out."""
    said("latest", "web", "gif")
    said("latest", "--for", "client", "--out", "one", app=package)
    told = json.loads(Path("one", "manifest.json").read_text("utf-8"))
    assert [one["name"] for one in told["deliveries"]] == ["deliveries/the-quay.web.mp4", "deliveries/the-quay.gif.gif"]
    assert [digest(Path("one", one["name"])) for one in told["deliveries"]] == [
        one["sha256"] for one in manifest(film)["deliveries"]
    ]
    (film / "deliveries" / "the-quay.gif.gif").unlink()
    said("latest", "--for", "client", "--out", "two", app=package)
    assert [path.name for path in Path("two", "deliveries").iterdir()] == ["the-quay.web.mp4"]
    (film / "deliveries" / "the-quay.web.mp4").write_bytes(b"edited")
    assert "was changed after it was made" in said("latest", "--for", "client", status=2, app=package).output


def test_those_of_older_films_can_go(film: Path, workplace: Path) -> None:
    """With the film, which is made again from its clips; one that was changed stays."""
    said("latest", "web", "gif")
    shelved(workplace / "films", workplace / ".studio", "20271127-101500-bbbb", made=1)
    (film / "deliveries" / "the-quay.web.mp4").write_bytes(b"edited")
    said("--films", "--yes", app=clean)
    assert not (film / "film.mp4").exists()
    assert [path.name for path in (film / "deliveries").iterdir()] == ["the-quay.web.mp4"]


def test_what_cannot_be_exported(film: Path, workplace: Path) -> None:
    """An unknown preset, a film that was changed, one without a manifest, a file in the way: one line each."""
    assert "did you mean 'prores'? One of web, web-captioned" in said("latest", "prorez", status=2).output
    (film / "deliveries").mkdir()
    (film / "deliveries" / "the-quay.gif.gif").mkdir()
    assert "is in the way, and is no file of ours" in said("latest", "web", "gif", status=2).output
    assert not (film / "deliveries" / "the-quay.web.mp4").exists()
    with (film / "film.mp4").open("ab") as file:
        file.write(b"more")
    assert "the film was changed after it was made" in said("latest", "web", status=2).output
    (film / MANIFEST).write_text(json.dumps(manifest(film) | {"film": {"path": "film.mp4", "sha256": 5}}))
    assert "error: " in said(str(film), "web", status=2).output


def test_one_that_fails_is_told_at_the_end(film: Path) -> None:
    """The other is made and listed; the status is 1."""
    found = manifest(film)
    small = real_film(film / "film.mp4", size="192x108")
    found["film"] |= {"sha256": small.sha256, "bytes": small.path.stat().st_size}
    (film / MANIFEST).write_text(json.dumps(found))
    done = said("latest", "dnxhr", "gif", status=1)
    assert "not delivered as dnxhr" in done.output
    assert "DNxHR begins at 256×120" in done.output
    assert [one["preset"] for one in manifest(film)["deliveries"]] == ["gif"]


def test_a_signed_export_is_verified(film: Path, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a certificate set, a delivery is signed: who by, valid, and made of the film; trusted with its authority;
    changed, it is not valid, and the status is 1."""
    made = Issued(workplace / "own")
    monkeypatch.setenv("STUDIO_C2PA_CERTIFICATE", str(made.certificate))
    monkeypatch.setenv("STUDIO_C2PA_KEY", str(made.key))
    said("latest", "prores")
    file = film / "deliveries" / "the-quay.prores.mov"
    shown = said(str(file), app=verify).stdout
    assert "state       valid; its certificate leads to no authority known here" in shown
    assert "signed by   Quay Signer (Quay Films)" in shown
    assert "made of     The Quay (film), parentOf" in shown
    monkeypatch.setenv("STUDIO_C2PA_AUTHORITIES", str(made.authority))
    assert "state       valid and trusted" in said(str(file), app=verify).stdout
    told = json.loads(said(str(file), "--json", app=verify).stdout)
    assert (told["signed"], told["provenance"]["state"], told["provenance"]["faults"]) == (True, "trusted", [])
    data = bytearray(file.read_bytes())
    data[-2000] ^= 1
    file.write_bytes(data)
    assert "state       NOT VALID: assertion.bmffHash.mismatch" in said(str(file), status=1, app=verify).stdout


def test_a_file_that_is_not_signed(film: Path, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One clear line, and status 1; what is no such file, or authorities that are none, status 2."""
    assert "is not signed: it has no C2PA manifest" in said(str(film), status=1, app=verify).stdout
    assert json.loads(said(str(film), "--json", status=1, app=verify).stdout)["signed"] is False
    assert "is not signed" in said("latest", status=1, app=verify).stdout
    assert "no film is called 'nowhere'" in said("nowhere", status=2, app=verify).output
    assert "is no video or picture" in said(str(film / MANIFEST), status=2, app=verify).output
    monkeypatch.setenv("STUDIO_C2PA_AUTHORITIES", str(film / MANIFEST))
    assert "STUDIO_C2PA_AUTHORITIES: " in said(str(film), status=2, app=verify).output


def test_a_name_in_a_manifest_is_no_command_of_a_terminal(workplace: Path) -> None:
    """What others wrote into a file is shown without what a terminal obeys."""
    plain, signed = real_film(workplace / "a.mp4").path, workplace / "b.mp4"
    own = Issued(workplace / "own")
    sign(plain, signed, Claim("a\x1b[2Jfilm", (created(wholly_generated=True),)),
         read_credential(own.certificate, own.key), "video/mp4")  # fmt: skip
    shown = said(str(signed), app=verify).stdout
    assert "\x1b" not in shown
    assert "trainedAlgorithmicMedia" in shown


def test_without_the_extra(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names what to install."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert "pip install 'studio-producer[c2pa]'" in said(str(film), status=2, app=verify).output
