"""Films and deliveries that are signed: read back, changed, joined; and clips that have credentials of their own."""

from __future__ import annotations

import resource
import socket
from pathlib import Path
from typing import Any

import pytest

from studio.atomic import digest
from studio.delivery.making import Finished, deliver
from studio.disk import disk_errors
from studio.editing.assembly import Assembly, assemble
from studio.errors import BadInput, CannotWrite
from studio.execution.provenance import FilmSigning
from studio.media.clip import examine
from studio.media.packets import scan
from studio.planning.plan import Plan
from studio.provenance.certificates import Credential, read_credential, trial_credential
from studio.provenance.deliveries import DeliverySigning, signed_in_place
from studio.provenance.reading import read
from studio.provenance.signing import GENERATED, Claim, created, sign
from studio.storage.kept import Kept
from tests.delivery.films import film
from tests.media.clips import make
from tests.provenance.certs import Issued
from tests.support.planned import film as production
from tests.support.planned import plan, scene

NAMES = ("a", "b")
FACTS = {
    name: {
        "model": "ray-2", "service": "dream-machine", "generation_id": f"gen-{name}", "prompt_sha256": "0" * 64,
        "take": 1, "digital_source_type": GENERATED,
    }
    for name in NAMES
}  # fmt: skip


@pytest.fixture(scope="module")
def credential(tmp_path_factory: pytest.TempPathFactory) -> Credential:
    """A certificate for trying."""
    return trial_credential(tmp_path_factory.mktemp("home"))


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever connects, fails."""

    def refused(*_: Any, **__: Any) -> None:
        raise AssertionError("nothing is to use a network")

    monkeypatch.setattr(socket.socket, "connect", refused)


def drawn(**fields: Any) -> Plan:
    return plan(production(*[scene(name, duration=1) for name in NAMES], **fields))


def made(
    folder: Path, out: str, credential: Credential, *, clips: dict[str, Path] | None = None, **changes: Any
) -> Assembly:
    """A film of two clips, signed."""
    paths = clips or {}
    for number, name in enumerate(NAMES):
        if name not in paths:
            paths[name] = folder / f"{name}.mp4"
            if not paths[name].exists():
                make(paths[name], frames=24, start=40 * number)
    facts = changes.pop("facts", FACTS)
    return assemble(
        drawn(), {name: examine(path) for name, path in paths.items()}, folder / out / "film.mp4",
        pieces=folder / "pieces", kept=Kept(folder / "kept"), finish=FilmSigning(credential, "The Quay", facts, {}),
        **changes,
    )  # fmt: skip


def test_a_signed_film(tmp_path: Path, credential: Credential) -> None:
    """It has its clips as ingredients, with what we know of each; its frames are the clips', and what is recorded is
    the signed file."""
    film_ = made(tmp_path, "one", credential).film
    assert (film_.sha256, film_.bytes) == (digest(film_.path), film_.path.stat().st_size)
    assert film_.notes == ("signed with a certificate made for trying: nobody trusts it",)
    assert (film_.method, len(scan(film_.path).shown)) == ("copy", 48)
    found = read(film_.path)
    assert found is not None
    assert (found.state, found.faults, found.trial, found.signer) == ("valid", (), True, "Trial signer")
    assert (found.title, found.sources) == ("The Quay", ("trainedAlgorithmicMedia",))
    assert found.generator.startswith("Studio Producer ")
    assert [(one.title, one.relation, one.sound) for one in found.ingredients] == [
        ("a", "componentOf", True), ("b", "componentOf", True),
    ]  # fmt: skip
    for one in found.ingredients:
        assert one.facts == {**FACTS[one.title], "sha256": digest(tmp_path / f"{one.title}.mp4")}
    assert b"what is seen in a" not in film_.path.read_bytes()  # the prompt


def test_nothing_changed_is_not_signed_again(tmp_path: Path, credential: Credential) -> None:
    """The same film has the same bytes; another certificate, or another fact of a clip, signs it anew."""
    first = made(tmp_path, "one", credential).film
    again = made(tmp_path, "two", credential).film
    assert (again.sha256, again.notes) == (first.sha256, first.notes)
    facts = {**FACTS, "a": {**FACTS["a"], "generation_id": "another"}}
    other = made(tmp_path, "three", credential, facts=facts).film
    assert other.sha256 != first.sha256
    own = Issued(tmp_path / "own")
    third = made(tmp_path, "four", read_credential(own.certificate, own.key)).film
    assert third.notes == ("signed by Quay Films (C2PA)",)


def test_an_own_file_or_a_slate_is_no_model_s(tmp_path: Path, credential: Credential) -> None:
    """The film is then composed of what models made and what they did not."""
    facts = {**FACTS, "b": {"source": "a file of the producer's"}}
    found = read(made(tmp_path, "one", credential, facts=facts).film.path)
    assert found is not None
    assert found.sources == ("compositeWithTrainedAlgorithmicMedia",)
    assert found.ingredients[1].facts["source"] == "a file of the producer's"


def test_a_changed_film_is_not_valid(tmp_path: Path, credential: Credential) -> None:
    """One bit of its pictures: the fault is named."""
    path = made(tmp_path, "one", credential).film.path
    data = bytearray(path.read_bytes())
    data[-1000] ^= 1
    path.write_bytes(data)
    found = read(path)
    assert found is not None
    assert found.state == "invalid"
    assert any("mismatch" in fault for fault in found.faults)


def test_who_is_trusted(tmp_path: Path) -> None:
    """A certificate of the user's is valid; with its authority among those that are trusted, it is trusted, and with
    another one it is not."""
    own, other = Issued(tmp_path / "own"), Issued(tmp_path / "other")
    path = made(tmp_path, "one", read_credential(own.certificate, own.key)).film.path
    states = []
    for authorities in ("", own.authority.read_text(), other.authority.read_text()):
        found = read(path, authorities=authorities)
        assert found is not None
        assert (found.signer, found.issuer, found.trial) == ("Quay Signer", "Quay Films", False)
        states.append(found.state)
    assert states == ["valid", "trusted", "valid"]


def test_credentials_of_a_clip_are_kept(tmp_path: Path, credential: Credential) -> None:
    """A join by copy drops them: they are in the film as those of an ingredient. What a film of such clips has without
    a signature of its own is nothing."""
    plain, signed = make(tmp_path / "plain.mp4", frames=24), tmp_path / "signed.mp4"
    own = Issued(tmp_path / "own")
    sign(plain, signed, Claim("a clip", (created(wholly_generated=True),)),
         read_credential(own.certificate, own.key), "video/mp4")  # fmt: skip
    found = read(made(tmp_path, "one", credential, clips={"a": signed}).film.path)
    assert found is not None
    assert [(one.title, one.signed_by, one.sound) for one in found.ingredients] == [
        ("a", "Quay Signer", True), ("b", "", True),
    ]  # fmt: skip
    unsigned = assemble(
        drawn(), {"a": examine(signed), "b": examine(tmp_path / "b.mp4")}, tmp_path / "two" / "film.mp4",
        pieces=tmp_path / "pieces",
    )  # fmt: skip
    assert unsigned.film.method == "copy"
    assert read(unsigned.film.path) is None


def test_credentials_that_do_not_hold_are_told(tmp_path: Path, credential: Credential) -> None:
    """A clip that was changed after it was signed: the film is valid, and says that of the ingredient."""
    signed = tmp_path / "signed.mp4"
    sign(make(tmp_path / "plain.mp4", frames=24), signed, Claim("a clip", (created(wholly_generated=True),)),
         credential, "video/mp4")  # fmt: skip
    data = bytearray(signed.read_bytes())
    data[data.index(b"mdat") + 40] ^= 1  # in the encoder's own words, which no decoder reads
    signed.write_bytes(data)
    found = read(made(tmp_path, "one", credential, clips={"a": signed}).film.path)
    assert found is not None
    assert found.state == "valid"
    assert [one.sound for one in found.ingredients] == [False, True]


def test_credentials_that_are_damaged_do_not_stop_a_film(tmp_path: Path, credential: Credential) -> None:
    """A clip with a box of credentials that nobody can read is an ingredient without any."""
    signed = tmp_path / "signed.mp4"
    sign(make(tmp_path / "plain.mp4", frames=24), signed, Claim("a clip", (created(wholly_generated=True),)),
         credential, "video/mp4")  # fmt: skip
    data = bytearray(signed.read_bytes())
    at = data.index(b"jumb")
    data[at + 8 : at + 400] = bytes(392)
    signed.write_bytes(data)
    found = read(made(tmp_path, "one", credential, clips={"a": signed}).film.path)
    assert found is not None
    assert (found.state, [one.title for one in found.ingredients]) == ("valid", ["a", "b"])


def test_a_full_disk(tmp_path: Path, credential: Credential) -> None:
    """It is told as one, and neither a film nor a part of one is left."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    plain = make(tmp_path / "plain.mp4", frames=240)
    claim = Claim("The Quay", (created(wholly_generated=True),))
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(CannotWrite, match="File too large"), disk_errors("the film", tmp_path):
            signed_in_place(plain, claim, credential, "video/mp4")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.glob(".*.part"))
    assert read(plain) is None


@pytest.mark.parametrize("preset", ["web", "prores", "gif", "webp"])
def test_a_signed_delivery(tmp_path: Path, credential: Credential, preset: str) -> None:
    """It has the film as its parent, with the film's own credentials, is what its preset asks for, and is kept."""
    film_ = made(tmp_path, "one", credential).film
    finished = Finished(film_.path, film_.sha256, film_.frames, film_.fps)
    finish, kept = DeliverySigning(credential, film_.path, "The Quay"), Kept(tmp_path / "kept")
    (record,) = deliver(finished, (preset,), tmp_path / "deliveries", "quay", kept=kept, finish=finish)
    assert record.error is None, record.error
    assert record.path is not None
    assert record.sha256 == digest(record.path)
    found = read(record.path)
    assert found is not None
    assert (found.state, found.faults) == ("valid", ())
    assert [(one.title, one.relation, one.signed_by, one.sound) for one in found.ingredients] == [
        ("The Quay (film)", "parentOf", "Trial signer", True)
    ]
    (again,) = deliver(finished, (preset,), tmp_path / "again", "quay", kept=kept, finish=finish)
    assert (again.kept, again.sha256) == (True, record.sha256)
    (bare,) = deliver(finished, (preset,), tmp_path / "bare", "quay", kept=kept)
    assert bare.path is not None
    assert read(bare.path) is None


def test_a_file_without_a_manifest_and_a_file_of_another_kind(tmp_path: Path) -> None:
    """None, and one line."""
    assert read(film(tmp_path / "film.mp4").path) is None
    text = tmp_path / "film.txt"
    text.write_text("film")
    with pytest.raises(BadInput, match="is no video or picture that can be verified"):
        read(text)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"\0\0\0\x18ftypmp42" + bytes(100))
    assert read(broken) is None
