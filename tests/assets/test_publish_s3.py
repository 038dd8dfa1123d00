"""Publishing to S3, over HTTP, with a server that speaks its language."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from moto.server import ThreadedMotoServer

from luma_sandbox.reader import Reader
from studio.assets import SeedFootage, SeedImage
from studio.assets.publish import S3Files
from studio.assets.publish.lifetime import expires_at
from studio.errors import AssetError, SettingsError
from tests.media.clips import make
from tests.support.seeds import Source, encoded, halves, look, look_at_bytes

BUCKET = "seeds"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of the server, with an empty bucket, and the environment that leads to it."""
    httpx.post(f"{endpoint}/moto-api/reset", trust_env=False)
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "SECRET",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "127.0.0.1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    yield client
    client.close()


def publisher(url: str = f"s3://{BUCKET}/film", **options: Any) -> S3Files:
    return S3Files(url, internet=False, sleep=lambda _: None, **options)


@pytest.fixture
async def image(tmp_path: Path) -> SeedImage:
    return await look_at_bytes(encoded(halves()), tmp_path)


def test_an_image_is_uploaded_once_and_signed(s3: Any, image: SeedImage) -> None:
    """The file is in the bucket under its hash, with its type; whoever has the signed URL reads it without a key."""
    place = publisher(seconds=3600, lives=2700)
    place.check([image])
    url = place.publish(image)
    key = f"film/{image.sha256}.png"
    stored = s3.head_object(Bucket=BUCKET, Key=key)
    assert stored["ContentType"] == "image/png"
    answer = httpx.get(url, trust_env=False)
    assert image.path is not None
    assert (answer.status_code, answer.content) == (200, image.path.read_bytes())
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in url
    end = expires_at(url)
    assert end is not None
    assert abs(end - datetime.now(UTC) - timedelta(seconds=3600)) < timedelta(seconds=60)
    assert publisher(seconds=3600).publish(image).partition("?")[0] == url.partition("?")[0]
    assert s3.head_object(Bucket=BUCKET, Key=key)["LastModified"] == stored["LastModified"]
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 1
    place.close()


def test_footage_goes_the_same_way(s3: Any, tmp_path: Path) -> None:
    """Footage is published as images are."""
    made = make(tmp_path / "clip.mov", frames=6)
    footage = asyncio.run(look(Source(path=str(made)), tmp_path / "kept", footage=True))
    assert isinstance(footage, SeedFootage)
    url = publisher().publish(footage)
    assert httpx.get(url, trust_env=False).headers["content-type"] == "video/quicktime"


def test_the_sandbox_reads_it(s3: Any, image: SeedImage) -> None:
    """The sandbox's reader gets the published bytes by the signed URL alone."""
    assert image.path is not None
    assert asyncio.run(Reader().image(publisher().publish(image))) == image.path.read_bytes()


def test_another_file_in_its_place_is_replaced(s3: Any, image: SeedImage) -> None:
    """An upload that was cut short, or of the wrong type, is made again."""
    key = f"film/{image.sha256}.png"
    assert image.path is not None
    for body, kind in ((b"half", "image/png"), (image.path.read_bytes(), "binary/octet-stream")):
        s3.put_object(Bucket=BUCKET, Key=key, Body=body, ContentType=kind)
        publisher().publish(image)
        found = s3.get_object(Bucket=BUCKET, Key=key)
        assert (found["Body"].read(), found["ContentType"]) == (image.path.read_bytes(), "image/png")


@pytest.mark.parametrize("told", [{}, {"sha256": "as before"}])
def test_an_object_of_the_same_length_is_no_proof(s3: Any, image: SeedImage, told: dict[str, str]) -> None:
    """As many zeros, of the same type and with whatever metadata, are found and replaced."""
    assert image.path is not None
    key, data = f"film/{image.sha256}.png", image.path.read_bytes()
    told = dict.fromkeys(told, image.sha256)
    s3.put_object(Bucket=BUCKET, Key=key, Body=bytes(len(data)), ContentType="image/png", Metadata=told)
    url = publisher().publish(image)
    assert httpx.get(url, trust_env=False).content == data


@pytest.mark.parametrize("sound", [True, False])
def test_an_object_in_parts_is_read_back(s3: Any, image: SeedImage, sound: bool) -> None:
    """The tag of an object that was uploaded in parts says nothing of its content: it is read, and stays if sound."""
    assert image.path is not None
    key, data = f"film/{image.sha256}.png", image.path.read_bytes()
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key=key, ContentType="image/png")["UploadId"]
    part = s3.upload_part(
        Bucket=BUCKET, Key=key, UploadId=upload, PartNumber=1, Body=data if sound else bytes(len(data))
    )
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    tag = s3.complete_multipart_upload(Bucket=BUCKET, Key=key, UploadId=upload, MultipartUpload=parts)["ETag"]
    assert tag.strip('"').endswith("-1")
    assert httpx.get(publisher().publish(image), trust_env=False).content == data
    assert (s3.head_object(Bucket=BUCKET, Key=key)["ETag"] == tag) == sound


def test_a_public_asset_is_not_uploaded(s3: Any) -> None:
    """An asset's own URL is sent without an upload."""
    public = SeedImage("lamp", "a" * 64, "image/png", ".png", 960, 540, url="https://x.example/p.png")
    place = publisher()
    place.check([public])
    assert place.publish(public) == public.url
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0


def test_a_bucket_that_is_missing(s3: Any, image: SeedImage) -> None:
    """The bucket's name is said, the asset's too."""
    with pytest.raises(SettingsError, match="there is no bucket 'nowhere'") as caught:
        publisher("s3://nowhere/film").publish(image)
    assert "asset 'seed'" in caught.value.where


def test_credentials_that_are_refused(
    s3: Any, endpoint: str, image: SeedImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that may not write is told what it needs, and is not shown."""
    # From here on the server checks who asks, and nobody is known to it.
    httpx.post(f"{endpoint}/moto-api/reset-auth", content=b"0", trust_env=False)
    try:
        with pytest.raises(SettingsError, match="may not be written to") as caught:
            publisher().publish(image)
    finally:
        httpx.post(f"{endpoint}/moto-api/reset-auth", content=b"inf", trust_env=False)
    assert "SECRET" not in str(caught.value)


def test_no_credentials(s3: Any, image: SeedImage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without credentials the variables to set are named."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(SettingsError, match="no credentials for S3 were found") as caught:
        publisher().publish(image)
    assert "AWS_ACCESS_KEY_ID" in caught.value.hint


def test_a_server_that_is_not_there(s3: Any, image: SeedImage, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint that nobody answers at names the variable."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(SettingsError, match="cannot be reached: its endpoint refused the connection") as caught:
        publisher().publish(image)
    assert "AWS_ENDPOINT_URL" in caught.value.hint


def test_luma_cannot_read_a_bucket_here(s3: Any, image: SeedImage) -> None:
    """A bucket on this machine is refused where the service is on the internet."""
    with pytest.raises(SettingsError, match="which the service cannot read") as caught:
        S3Files(f"s3://{BUCKET}").publish(image)
    assert caught.value.where == "AWS_ENDPOINT_URL"


def test_a_signed_url_that_is_refused(s3: Any, image: SeedImage) -> None:
    """A URL that the bucket's policy refuses is found by trying, and the signature is not shown."""
    transport = httpx.MockTransport(lambda _: httpx.Response(403, text="<Code>AccessDenied</Code>"))
    with pytest.raises(AssetError, match="its URL answers with status 403") as caught:
        publisher(transport=transport).publish(image)
    assert "s3:GetObject" in caught.value.hint
    assert "Signature" not in str(caught.value)


def test_a_url_that_would_end_too_early(s3: Any, image: SeedImage) -> None:
    """The signature's own end is held against the waiting time, by the clock that the run goes by."""
    later = datetime.now(UTC) + timedelta(hours=1)
    with pytest.raises(AssetError, match="its signed URL ends in"):
        publisher(seconds=4000, lives=3600, now=lambda: later).publish(image)


@pytest.mark.parametrize(("seconds", "lives"), [(600, 2700), (8 * 24 * 3600, 2700)])
def test_lives_that_cannot_be(seconds: int, lives: float) -> None:
    """Shorter than a run waits, and longer than S3 signs, are both settings' errors."""
    with pytest.raises(SettingsError, match="S3 signs for 168 h at most") as caught:
        publisher(seconds=seconds, lives=lives)
    assert caught.value.where == "STUDIO_PUBLISH_SECONDS"


def test_s3_without_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error without s3fs names the command that installs it."""
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(SettingsError, match="S3 needs s3fs") as caught:
        publisher()
    assert caught.value.hint == "pip install 'studio-producer[s3]'"


def test_signatures_reach_no_log(s3: Any, image: SeedImage, caplog: pytest.LogCaptureFixture) -> None:
    """Publishing leaves no signature in the log, at any level."""
    caplog.set_level(0)
    url = publisher().publish(image)
    signature = url.partition("X-Amz-Signature=")[2].partition("&")[0]
    assert len(signature) == 64
    assert signature not in caplog.text


@pytest.mark.long
@pytest.mark.parametrize("host", ["http://nowhere.invalid", "http://127.0.0.1:9"])
async def test_a_bucket_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """A bucket's endpoint whose name is not found, and one that refuses, are told apart."""
    for name, value in {
        "AWS_ENDPOINT_URL": host, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "SECRET",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,nowhere.invalid",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    image = await look_at_bytes(encoded(halves()), tmp_path)
    said = "is not found" if "nowhere" in host else "refused the connection"
    with pytest.raises(SettingsError, match=said) as caught:
        await asyncio.to_thread(S3Files("s3://film/a", internet=False).publish, image)
    assert "AWS_ENDPOINT_URL" in caught.value.hint


def test_the_place_is_tried_out(s3: Any, endpoint: str) -> None:
    """A picture is written, read by its signed URL and removed; a key without the right to write is told what it
    needs."""
    place = publisher()
    assert place.try_place(tries=1) == f"s3://{BUCKET}/film, read by signed URLs"
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0
    with pytest.raises(SettingsError, match="there is no bucket 'nowhere'"):
        publisher("s3://nowhere/film").try_place(tries=1)
    with pytest.raises(SettingsError, match="endpoint is on this machine or network"):
        S3Files(f"s3://{BUCKET}/film").try_place(tries=1)
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0
    httpx.post(f"{endpoint}/moto-api/reset-auth", content=b"0", trust_env=False)
    try:
        with pytest.raises(SettingsError, match="may not be written to") as caught:
            publisher().try_place(tries=1)
        assert "s3:PutObject" in caught.value.hint
        assert "SECRET" not in str(caught.value)
    finally:
        httpx.post(f"{endpoint}/moto-api/reset-auth", content=b"inf", trust_env=False)


def test_a_place_that_gives_something_else(s3: Any) -> None:
    """The bytes that are read have to be those that were written; the signed URL is not in the error."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=b"a page"))
    with pytest.raises(SettingsError, match="it gives something else") as caught:
        publisher(transport=transport).try_place(tries=1)
    assert "Signature" not in str(caught.value)
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0
