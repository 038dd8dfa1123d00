"""Fixtures of these tests."""

from tests.support.bought import local  # noqa: F401
