"""Fixtures of these tests."""

from tests.support.downloads import client, clip_file, data, fetch, store  # noqa: F401
