"""The rule of the limits as it is kept in a process while Valkey is away."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.limits import Rate, _InThisProcess

UPTIMES_NS = st.integers(0, 10**17)


@given(UPTIMES_NS, st.integers(1, 40), st.sampled_from([1, 7, 60, 600, 3600]))
def test_as_many_as_the_burst_pass_at_once_and_no_more(now: int, burst: int, per_hour: int) -> None:
    counted, rate = _InThisProcess(), Rate(burst=burst, per_hour=per_hour)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic_ns", lambda: now)
        waits = [counted.seconds_to_wait("mailbox", "peer", rate) for _ in range(burst + 1)]
        assert waits[:-1] == [0] * burst
        assert waits[-1] == pytest.approx(3600 / per_hour)
