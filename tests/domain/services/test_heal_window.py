"""A database heals by itself where its key is back within thirty minutes, and not a second later."""

import pytest

from cmk_admin.domain.services import heal_window


@pytest.mark.parametrize(
    ("seconds", "heals", "left"),
    [(0, True, 1800), (29 * 60 + 59, True, 1), (30 * 60, True, 0), (30 * 60 + 1, False, 0)],
)
def test_thirty_minutes_are_the_window(seconds: int, heals: bool, left: int) -> None:
    assert heal_window.heals_itself(seconds) is heals
    assert heal_window.seconds_left(seconds) == left
    assert bool(heal_window.lost_by(seconds)) is not heals
