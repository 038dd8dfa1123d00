"""Fixtures of these tests."""

from tests.support.shop import local_picture, luma, server, shop  # noqa: F401
