"""The publisher that settings choose, and settings that fit none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from studio.assets.publish import FolderFiles, LoopbackFiles, PublicUrls, S3Files, choose_publisher
from studio.errors import SettingsError, StudioError
from studio.settings import Credentials, Settings, choose_service, load_settings


def settings(realm: str, **fields: Any) -> Settings:
    """The settings that lead to a realm."""
    key = None if realm == "sandbox" else SecretStr("key")
    url = "http://127.0.0.1:1/dream-machine/v1" if realm == "local" else ""
    return Settings(credentials={"dream-machine": Credentials(key, "LUMAAI_API_KEY", url)}, **fields)


@pytest.mark.parametrize(
    ("realm", "fields", "chosen"),
    [
        ("luma", {}, PublicUrls),
        ("local", {}, LoopbackFiles),
        ("sandbox", {}, LoopbackFiles),
        ("luma", {"publish_url": "s3://bucket/seeds"}, S3Files),
        ("local", {"publish_url": "s3://bucket"}, S3Files),
        ("sandbox", {"publish_url": "s3://bucket"}, LoopbackFiles),
        ("luma", {"publish_url": "/srv/www", "publish_base_url": "https://x.example/www"}, FolderFiles),
        ("luma", {"publish_url": "file:///srv/www%20a", "publish_base_url": "https://x.example"}, FolderFiles),
        ("local", {"publish_url": "/srv/www", "publish_base_url": "http://127.0.0.1:8000"}, FolderFiles),
    ],
)
def test_which_publisher(realm: str, fields: dict[str, str], chosen: type) -> None:
    """Luma reads from the internet, a server on this machine from here; the sandbox always from here."""
    chosen_by = settings(realm, **fields)
    service = choose_service(chosen_by)
    assert service.realm == realm
    publisher = choose_publisher(chosen_by, service)
    assert type(publisher) is chosen
    if fields.get("publish_url", "").startswith("file:"):
        assert isinstance(publisher, FolderFiles)
        assert publisher.folder == Path("/srv/www a")


@pytest.mark.parametrize(
    ("fields", "where", "fault"),
    [
        ({"publish_url": "/srv/www"}, "STUDIO_PUBLISH_BASE_URL", "is not set"),
        ({"publish_base_url": "https://x.example"}, "STUDIO_PUBLISH_BASE_URL", "no folder that it serves"),
        ({"publish_url": "gs://bucket"}, "STUDIO_PUBLISH_URL", "neither s3://bucket/prefix nor a folder"),
        ({"publish_url": "s3://"}, "STUDIO_PUBLISH_URL", "is no s3://bucket/prefix"),
        ({"publish_url": "s3://key:pass@bucket"}, "STUDIO_PUBLISH_URL", "is no s3://bucket/prefix"),
        ({"publish_url": "s3://b", "publish_base_url": "https://x"}, "STUDIO_PUBLISH_BASE_URL", "is for folders"),
        ({"publish_url": "/w", "publish_base_url": "x.example"}, "STUDIO_PUBLISH_BASE_URL", "no http or https"),
        ({"publish_url": "/w", "publish_base_url": "http://a:b@x.example"}, "STUDIO_PUBLISH_BASE_URL", "no http"),
        ({"publish_url": "/w", "publish_base_url": "http://localhost"}, "STUDIO_PUBLISH_BASE_URL", "this machine"),
        ({"publish_url": "s3://b", "publish_seconds": 600}, "STUDIO_PUBLISH_SECONDS", "would live for 10 min"),
    ],
)
def test_settings_that_do_not_fit(fields: dict[str, Any], where: str, fault: str) -> None:
    """Each mistake names its variable, before anything else happens."""
    chosen_by = settings("luma", **fields)
    with pytest.raises(StudioError, match=fault) as caught:
        choose_publisher(chosen_by, choose_service(chosen_by))
    assert caught.value.where == where
    assert "pass" not in str(caught.value)


def test_the_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The three variables are read; a life that S3 does not sign is refused by its name."""
    monkeypatch.setenv("STUDIO_PUBLISH_URL", "/srv/www")
    monkeypatch.setenv("STUDIO_PUBLISH_BASE_URL", "https://x.example")
    found = load_settings()
    assert (found.publish_url, found.publish_base_url, found.publish_seconds) == (
        "/srv/www",
        "https://x.example",
        86_400,
    )
    monkeypatch.setenv("STUDIO_PUBLISH_SECONDS", "604801")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert caught.value.where == "STUDIO_PUBLISH_SECONDS"
