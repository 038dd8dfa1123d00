"""Whatever is asked of the Luma Agents API, its strict SDK client can read the answer."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, TypeVar

import luma_agents
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.agents_api import client, png
from tests.support.agents_requests import GOOD
from tests.support.sandbox_in_process import Sandbox

T = TypeVar("T")
NO = (400, 402, 404, 413, 422, 429)
SETTINGS = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

junk = st.one_of(st.none(), st.booleans(), st.integers(-3, 300), st.text(max_size=5), st.just([]), st.just({}))
media = st.one_of(
    st.builds(png),
    st.fixed_dictionaries(
        {},
        optional={
            "url": st.sampled_from(["http://127.0.0.1:9/a.png", "x", "http://[", "ftp://127.0.0.1/a"]),
            "data": st.sampled_from(["AAAA", "A", "ä"]),
            "generation_id": st.text(max_size=4),
            "file_id": st.text(max_size=4),
            "media_type": st.sampled_from(["image/png", "video/mp4", ""]),
        },
    ),
    junk,
)
guides = st.one_of(st.lists(media, max_size=3), junk)
indexes = st.one_of(st.lists(st.integers(-1, 250), max_size=3), junk)
video = st.fixed_dictionaries(
    {},
    optional={
        "duration": st.sampled_from(["5s", "10s", "9s"]),
        "resolution": st.sampled_from(["360p", "540p", "720p", "1080p", "4k"]),
        "loop": st.one_of(st.booleans(), junk),
        "hdr": st.one_of(st.booleans(), junk),
        "exr_export": st.one_of(st.booleans(), junk),
        "start_frame": media,
        "end_frame": media,
        "keyframes": guides,
        "keyframe_indexes": indexes,
        "edit": st.one_of(
            st.fixed_dictionaries(
                {},
                optional={
                    "strength": st.sampled_from(["adhere_1", "reimagine_3", "wild"]),
                    "auto_controls": st.booleans(),
                    "keyframes": guides,
                    "keyframe_indexes": indexes,
                },
            ),
            junk,
        ),
        "source_position": junk,
    },
)
bodies = st.one_of(
    st.sampled_from(GOOD),
    st.fixed_dictionaries(
        {"prompt": st.text(max_size=8)},
        optional={
            "model": st.sampled_from(["uni-1", "uni-1-max", "ray-3.2", "ray-2"]),
            "type": st.sampled_from(
                ["image", "image_edit", "video", "video_edit", "video_reframe", "layering", "song"]
            ),
            "aspect_ratio": st.sampled_from(["16:9", "1:1", "3:1", "9:21"]),
            "image_ref": guides,
            "source": media,
            "video": st.one_of(video, junk),
            "style": st.sampled_from(["auto", "manga", "noir"]),
            "user_id": junk,
            "unknown": junk,
        },
    ),
)


async def answered(call: Awaitable[T]) -> T | None:
    """The result of a call, or None where it was refused as this API refuses."""
    try:
        return await call
    except luma_agents.APIStatusError as error:
        refused = error
    assert refused.status_code in NO
    assert isinstance(refused.body, dict)
    assert isinstance(refused.body["detail"], str)
    return None


@SETTINGS
@given(body=bodies)
async def test_any_create(unrendered: Sandbox, body: dict[str, Any]) -> None:
    """Any create is either accepted and can be fetched, or refused with a status and one text; never our error."""
    agents = client(unrendered)
    made = await answered(agents.generations.create(prompt="", extra_body=body))
    if made is not None:
        assert (await agents.generations.get(made.id)).id == made.id


@SETTINGS
@given(
    body=st.fixed_dictionaries(
        {},
        optional={
            "mime_type": st.one_of(st.sampled_from(["image/png", "video/mp4"]), junk),
            "size_bytes": st.one_of(st.integers(0, 2**40), junk),
            "expires_at": st.one_of(st.sampled_from(["9999-12-31T23:59:59Z", "2028-01-01", "0001-01-01"]), junk),
            "filename": junk,
            "purpose": st.one_of(st.sampled_from(["input", "reference"]), junk),
            "user_id": junk,
        },
    ),
    query=st.fixed_dictionaries(
        {},
        optional={
            "cursor": st.one_of(st.text(max_size=12), st.sampled_from(["ZmlsZTox", "ZmlsZTo="])),
            "limit": st.integers(-1, 101),
            "state": st.sampled_from(["pending", "ready", "gone"]),
        },
    ),
)
async def test_any_file(unrendered: Sandbox, body: dict[str, Any], query: dict[str, Any]) -> None:
    """So is any file and any page of files."""
    files = client(unrendered).files
    await answered(files.create(mime_type="", size_bytes=1, extra_body={"mime_type": "image/png"} | body))
    await answered(files.list(extra_query=query))
