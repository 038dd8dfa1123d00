"""Fixtures of these tests."""

from tests.support.orders import luma  # noqa: F401
