"""Runs whose film is delivered in several forms, and signed: real clips of the sandbox, by plain steps."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from studio.errors import NotDelivered, ProductionError, SettingsError
from studio.execution.preflight import check_places
from studio.execution.session import open_session
from studio.library import LumaProvider
from studio.media import ffmpeg
from studio.production import parse_production
from studio.provenance.certificates import read_credential
from studio.provenance.reading import read
from studio.provenance.signing import Claim, created, sign
from studio.settings import load_settings
from tests.provenance.certs import Issued
from tests.support.running import Sandbox, booked

pytestmark = [pytest.mark.timeout(600)]
PROMPT = "a harbour at dawn, in words that nobody is to read"


def film(**options: Any) -> dict[str, Any]:
    return {
        "title": "The Quay", "model": "ray-flash-2", "resolution": "540p",
        "scenes": [{"id": "a", "prompt": PROMPT, "duration": 1}, {"id": "b", "prompt": "a boat", "duration": 1}],
        "film": options,
    }  # fmt: skip


def manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
    return found


@pytest.mark.long
async def test_a_film_and_what_it_is_delivered_as(at_sandbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files are beside the film, and in record, manifest and report; another run encodes nothing and pays
    nothing."""
    async with LumaProvider() as luma:
        made = await luma.make_film(film(deliveries=["web", "prores", "gif"]), out="one")
        names = [record.path and record.path.relative_to(at_sandbox / "one").as_posix()
                 for record in made.record.deliveries]  # fmt: skip
        assert names == [
            "deliveries/the-quay.web.mp4", "deliveries/the-quay.prores.mov", "deliveries/the-quay.gif.gif",
        ]  # fmt: skip
        listed = manifest(at_sandbox / "one")["deliveries"]
        assert [one["path"] for one in listed] == names
        for one in listed:
            data = (at_sandbox / "one" / one["path"]).read_bytes()
            assert (one["sha256"], one["bytes"]) == (hashlib.sha256(data).hexdigest(), len(data))
        page = (at_sandbox / "one" / "report.html").read_text("utf-8")
        assert 'href="deliveries/the-quay.prores.mov"' in page
        assert "ProRes 422 HQ, 960×540, 24 fps, 2.0 s" in page
        paid = booked(at_sandbox)
        monkeypatch.setattr("subprocess.Popen", None)
        again = await luma.make_film(film(deliveries=["web", "prores", "gif"]), out="two")
    assert booked(at_sandbox) == paid
    assert [one.sha256 for one in again.record.deliveries] == [one["sha256"] for one in listed]
    assert all(one.kept for one in again.record.deliveries)


@pytest.mark.long
async def test_a_delivery_that_fails_loses_nothing_else(at_sandbox: Path) -> None:
    """The film is made, the latest, and told of; the run ends with an error that names what is missing. Once what
    was in the way is gone, another run makes the rest."""
    (at_sandbox / "one" / "deliveries" / "the-quay.web.mp4").mkdir(parents=True)
    asked = film(deliveries=["web", "dnxhr"])
    async with LumaProvider() as luma:
        await luma.make_film(film())
        with pytest.raises(SettingsError, match=r"the-quay.web.mp4 is in the way"):
            await luma.make_film(asked, out="one")
    # An encoder that ends with an error, found when the film is there.
    lesser = at_sandbox / "ffmpeg"
    lesser.write_text(
        f"#!/bin/sh\ncase \"$*\" in *dnxhr_hq*) echo 'no licence' >&2; exit 3;; esac\nexec '{ffmpeg.binary()}' \"$@\"\n"
    )
    lesser.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_FFMPEG", str(lesser))
        ffmpeg.encoders.cache_clear()
        async with LumaProvider() as luma:
            with pytest.raises(NotDelivered) as failed:
                await luma.make_film(asked)
    ffmpeg.encoders.cache_clear()
    assert str(failed.value).startswith(
        "the film is made, and not delivered as dnxhr\ndelivery 'dnxhr': ffmpeg ended with status 3: no licence"
    )
    assert failed.value.exit_status == 1
    latest = (at_sandbox / "films" / "the-quay" / "latest").resolve()
    found = manifest(latest)["deliveries"]
    assert [(one["preset"], one["path"] is not None, one["error"] is not None) for one in found] == [
        ("web", True, False), ("dnxhr", False, True),
    ]  # fmt: skip
    assert (latest / "film.mp4").is_file()
    assert "no licence" in (latest / "report.html").read_text("utf-8")
    async with LumaProvider() as luma:
        mended = await luma.make_film(asked)
    assert [one.error for one in mended.record.deliveries] == [None, None]


async def test_what_can_be_known_is_refused_before_anything_is_bought(
    at_sandbox: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown preset; an encoder that ffmpeg lacks; a certificate that cannot sign."""
    with pytest.raises(ProductionError, match=r"there is no preset 'prorez'\n  → did you mean 'prores'\?"):
        parse_production(film(deliveries=["web", "prorez"]))
    lesser = at_sandbox / "ffmpeg"
    lesser.write_text(f"#!/bin/sh\n'{ffmpeg.binary()}' \"$@\" | grep -v libsvtav1\n")
    lesser.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_FFMPEG", str(lesser))
        ffmpeg.encoders.cache_clear()
        async with LumaProvider() as luma:
            with pytest.raises(SettingsError, match=r"delivery 'av1': .* has no libsvtav1"):
                await luma.make_film(film(deliveries=["web", "av1"]))
    ffmpeg.encoders.cache_clear()
    made = Issued(at_sandbox / "certificates", days=(-90, -1))
    monkeypatch.setenv("STUDIO_C2PA_CERTIFICATE", str(made.certificate))
    monkeypatch.setenv("STUDIO_C2PA_KEY", str(made.key))
    async with LumaProvider() as luma:
        with pytest.raises(SettingsError, match="expired on") as refused:
            await luma.make_film(film())
    assert "PRIVATE" not in str(refused.value)
    assert sandbox.prompts() == []


async def test_a_disk_without_room_for_them(at_sandbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What masters for editing take is counted before anything is bought."""
    async with open_session(load_settings()) as session:
        usual, _ = await session.plan(parse_production(film()))
        large, _ = await session.plan(parse_production(film(deliveries=["prores", "dnxhr"])))
        monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 20_000_000})())
        check_places(session, usual, at_sandbox / "usual")
        with pytest.raises(SettingsError, match=r"deliveries 26\.\d MB"):
            check_places(session, large, at_sandbox / "large")


@pytest.mark.long
async def test_a_signed_film_of_a_run(at_sandbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Film and delivery are signed with the user's certificate: the ledger's generations, and digests of prompts. No
    file has the key, and none that is signed has a prompt."""
    made = Issued(at_sandbox / "certificates", passphrase="quay 4711")
    for name, value in (("CERTIFICATE", made.certificate), ("KEY", made.key), ("PASSPHRASE", "quay 4711")):
        monkeypatch.setenv(f"STUDIO_C2PA_{name}", str(value))
    async with LumaProvider() as luma:
        done = await luma.make_film(film(deliveries=["web"]), out="one")
        again = await luma.make_film(film(deliveries=["web"]), out="two")
    assert again.path.read_bytes() == done.path.read_bytes()
    found = read(done.path, authorities=made.authority.read_text())
    assert found is not None
    assert (found.state, found.signer, found.sources) == ("trusted", "Quay Signer", ("trainedAlgorithmicMedia",))
    shots = {shot["id"]: shot for shot in manifest(at_sandbox / "one")["shots"]}
    assert {one.title: one.facts["generation_id"] for one in found.ingredients} == {
        name: shot["generation_id"] for name, shot in shots.items()
    }
    facts = found.ingredients[0].facts
    assert facts["prompt_sha256"] == hashlib.sha256(PROMPT.encode()).hexdigest()
    assert (facts["model"], facts["sha256"]) == ("ray-flash-2", shots["a"]["clip"]["sha256"])
    assert manifest(at_sandbox / "one")["film"]["notes"][-1] == "signed by Quay Films (C2PA)"
    (delivery,) = done.record.deliveries
    assert delivery.path is not None
    parent = read(delivery.path)
    assert parent is not None
    assert [(one.relation, one.signed_by) for one in parent.ingredients] == [("parentOf", "Quay Signer")]
    secret = made.key.read_text().splitlines()[2].encode()
    for path in (path for folder in ("one", "two", ".studio") for path in (at_sandbox / folder).rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            assert b"PRIVATE KEY" not in data
            assert b"quay 4711" not in data
            assert secret not in data
            assert path.suffix != ".mp4" or path.is_relative_to(at_sandbox / ".studio") or PROMPT.encode() not in data


@pytest.mark.long
async def test_a_prompt_is_in_a_film_only_where_it_is_asked_for(
    at_sandbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With STUDIO_C2PA_PROMPTS, its words are in the film."""
    monkeypatch.setenv("STUDIO_C2PA_PROMPTS", "yes")
    async with LumaProvider() as luma:
        done = await luma.make_film(film(provenance="try"))
    found = read(done.path)
    assert found is not None
    assert [one.facts["prompt"] for one in found.ingredients] == [PROMPT, "a boat"]
    assert "signed with a certificate made for trying: nobody trusts it" in done.record.film.notes  # type: ignore[union-attr]


@pytest.mark.long
async def test_files_of_the_producer_s_are_ingredients(at_sandbox: Path, files: Path, root: Path) -> None:
    """A finished clip with its own credentials, and the picture that a clip begins with: the film is composed."""
    own = Issued(at_sandbox / "certificates")
    sign(files / "one.mp4", files / "signed.mp4", Claim("interview", (created(wholly_generated=True),)),
         read_credential(own.certificate, own.key), "video/mp4")  # fmt: skip
    picture = root / "productions" / "examples" / "maya-face.jpg"
    written = {
        "title": "The Quay", "model": "ray-3", "resolution": "540p", "film": {"provenance": "try"},
        "scenes": [
            {"id": "a", "clip": str(files / "signed.mp4")},
            {"id": "b", "prompt": "a boat", "start_image": str(picture)},
        ],
    }  # fmt: skip
    async with LumaProvider() as luma:
        done = await luma.make_film(written)
    found = read(done.path)
    assert found is not None
    assert (found.state, found.sources) == ("valid", ("compositeWithTrainedAlgorithmicMedia",))
    clip, made, given = found.ingredients
    assert (clip.title, clip.relation, clip.signed_by, clip.sound) == ("a", "componentOf", "Quay Signer", True)
    assert clip.facts["source"] == "a file of the producer's"
    assert (made.title, made.facts["model"], made.signed_by) == ("b", "ray-3", "")
    assert (given.relation, given.facts["sha256"]) == ("inputTo", hashlib.sha256(picture.read_bytes()).hexdigest())
