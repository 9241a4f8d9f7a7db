"""A database heals by itself where its key is back within thirty minutes, and not a second later.

The numbers are those of SQLD database/transparent-data-encryption-byok-overview.md, in Azure's seconds.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmk_admin.domain.services import heal_window

MINUTE = 60
DURATIONS = st.floats(min_value=0, max_value=1e7, allow_nan=False)


# fmt: off
WITHOUT_KEY = [
    # seconds, heals by itself, seconds left
    (0,                   True,  30 * MINUTE),
    (29 * MINUTE,         True,  MINUTE),
    (30 * MINUTE - 1,     True,  1),
    (30 * MINUTE - 0.001, True,  0.001),
    (30 * MINUTE,         True,  0),
    (30 * MINUTE + 0.001, False, 0),
    (30 * MINUTE + 1,     False, 0),
    (24 * 60 * MINUTE,    False, 0),
]
# fmt: on


@pytest.mark.parametrize(("seconds", "heals", "left"), WITHOUT_KEY)
def test_thirty_minutes_are_the_window(seconds: float, heals: bool, left: float) -> None:
    assert heal_window.heals_itself(seconds) is heals
    assert heal_window.seconds_left(seconds) == pytest.approx(left)
    assert bool(heal_window.lost_by(seconds)) is not heals


def test_it_is_back_within_the_next_hour_and_costs_nothing_else() -> None:
    assert heal_window.BACK_WITHIN_SECONDS == 60 * MINUTE
    assert heal_window.lost_by(30 * MINUTE) == ""
    for lost in ("revalidated by hand", "failover-group", "point-in-time restore", "tags"):
        assert lost in heal_window.lost_by(30 * MINUTE + 1)


@given(DURATIONS, DURATIONS)
def test_it_is_a_pure_rule_that_only_ever_gets_worse(earlier: float, later: float) -> None:
    earlier, later = sorted((earlier, later))
    assert heal_window.heals_itself(earlier) or not heal_window.heals_itself(later)
    assert heal_window.seconds_left(earlier) >= heal_window.seconds_left(later) >= 0
    assert heal_window.heals_itself(later) is (heal_window.lost_by(later) == "")
    if heal_window.heals_itself(later):
        assert heal_window.seconds_left(later) == pytest.approx(heal_window.HEALS_WITHIN_SECONDS - later)
