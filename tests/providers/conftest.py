"""Fixtures of these tests."""

from tests.support.orders import luma  # noqa: F401
from tests.support.sandbox_in_process import unrendered  # noqa: F401
