"""Clips and stills in a store behind the local one: what is there is believed only after it was hashed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from studio.errors import StoreError
from studio.storage.clip_store import ClipStore
from studio.storage.kept import Kept
from studio.storage.object_store import ObjectStore
from studio.storage.shared_files import Brought, SharedFiles
from studio.storage.still_store import StillStore
from tests.support.bucket import BUCKET, Network, keys

DATA = b"a clip, as far as this test goes" * 1000
SHA = hashlib.sha256(DATA).hexdigest()
KEY = f"x/clips/{SHA[:2]}/{SHA}.mp4"


class Home:
    """A machine with stores of its own, and the shared one."""

    def __init__(self, root: Path) -> None:
        self.clips, self.stills = ClipStore(root / "clips"), StillStore(root / "stills")
        self.shared = SharedFiles(ObjectStore(f"s3://{BUCKET}/x", "STUDIO_CLIPS"), self.clips, self.stills, Kept(root))

    def clip(self) -> str:
        part = self.clips.incoming / "part"
        part.write_bytes(DATA)
        return self.clips.adopt(part)


@pytest.fixture
def homes(s3: Any, tmp_path: Path) -> tuple[Home, Home]:
    return Home(tmp_path / "one"), Home(tmp_path / "two")


def test_a_clip_goes_from_home_to_home(s3: Any, homes: tuple[Home, Home]) -> None:
    """What one machine uploads, another one has after a fetch, under the same digest; nothing else is left there."""
    one, two = homes
    assert one.shared.share(one.clip()) == len(DATA)
    assert keys(s3) == {KEY: len(DATA)}
    assert two.shared.bring_clip(SHA, len(DATA)) is Brought.HERE
    assert two.clips.verify(SHA).read_bytes() == DATA
    assert list(two.clips.incoming.iterdir()) == []


def test_a_still_keeps_its_name(homes: tuple[Home, Home]) -> None:
    """A still comes back as the picture that it is."""
    one, two = homes
    sha256 = one.stills.keep(b"picture", ".jpg")
    one.shared.share(sha256)
    assert two.shared.bring_still(sha256) is Brought.HERE
    found = two.stills.find(sha256)
    assert found is not None
    assert found.suffix == ".jpg"
    assert two.shared.bring_still("f" * 64) is Brought.MISSING


@pytest.mark.parametrize(("body", "size"), [(DATA[:-1], len(DATA)), (DATA[:-1], None), (bytes(len(DATA)), len(DATA))],
                         ids=["truncated", "truncated, of unknown size", "of another content"])  # fmt: skip
def test_a_damaged_object_is_not_used_and_can_be_replaced(
    s3: Any,
    homes: tuple[Home, Home],
    body: bytes,
    size: int | None,
) -> None:
    """A file that is cut short or has other bytes is told as damaged, and nothing of it stays here."""
    one, two = homes
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=body)
    assert two.shared.bring_clip(SHA, size) is Brought.DAMAGED
    assert not two.clips.has(SHA)
    assert list(two.clips.incoming.iterdir()) == []
    one.shared.share(one.clip(), True)
    assert two.shared.bring_clip(SHA, size) is Brought.HERE


def test_what_the_store_has_is_asked_once(homes: tuple[Home, Home], monkeypatch: pytest.MonkeyPatch) -> None:
    """A clip that was seen in the store is not looked for there again by later runs of this home."""
    one, _ = homes
    one.shared.share(one.clip())
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert one.shared.share(SHA) == len(DATA)


@pytest.mark.long
def test_a_break_is_an_error_and_not_a_missing_file(homes: tuple[Home, Home], network: Network) -> None:
    """Where the store cannot be read, that is told: a clip must not count as missing because of the network."""
    _, two = homes
    network.breaks = 1000
    with pytest.raises(StoreError, match="cannot be reached"):
        two.shared.bring_clip(SHA)
