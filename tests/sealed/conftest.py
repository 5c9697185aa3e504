"""The installations are those of tests/faults."""

from tests.faults.conftest import place, places

__all__ = ["place", "places"]
