"""Fixtures of these tests."""

from tests.support.deployed import deployed, place  # noqa: F401
