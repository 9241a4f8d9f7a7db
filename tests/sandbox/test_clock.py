"""The clock: two readings that only a push moves together, and sleepers that notice every push at once."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmk_admin.sandbox.clock import Clock


@given(st.lists(st.floats(0, 1e6), max_size=8))
def test_pushes_add_up_on_a_stopped_clock(pushes: list[float]) -> None:
    clock = Clock(speed=0, azure_seconds=5)
    for push in pushes:
        clock.advance(push)
    assert clock.azure() == pytest.approx(5 + sum(pushes))
    assert clock.pushed == pytest.approx(sum(pushes))
    assert abs(clock.now() - datetime.now(UTC) - timedelta(seconds=sum(pushes))) < timedelta(seconds=5)


def test_speed_moves_azure_s_seconds_and_never_the_calendar() -> None:
    clock = Clock(speed=1e6)
    assert clock.azure() > 0
    assert clock.now() - datetime.now(UTC) < timedelta(seconds=5)
    before = clock.azure()
    clock.set_speed(0)
    stopped = clock.azure()
    assert stopped >= before
    assert clock.azure() == stopped


@pytest.mark.parametrize("wrong", [-1.0, -1e-9])
def test_it_never_goes_back(wrong: float) -> None:
    clock = Clock()
    with pytest.raises(ValueError, match="forward"):
        clock.advance(wrong)
    with pytest.raises(ValueError, match="negative"):
        clock.set_speed(wrong)


def test_sleepers_wake_at_a_push_a_new_speed_or_by_themselves() -> None:
    async def story() -> None:
        clock = Clock(speed=0)
        sleeper = asyncio.ensure_future(clock.sleep_until(100))
        await asyncio.sleep(0)
        clock.advance(99)
        await asyncio.sleep(0)
        assert not sleeper.done()
        clock.advance(1)
        await asyncio.wait_for(sleeper, 5)
        sleeper = asyncio.ensure_future(clock.sleep_until(200))
        await asyncio.sleep(0)
        clock.set_speed(1e6)
        await asyncio.wait_for(sleeper, 5)

    asyncio.run(story())


def test_a_sleeper_that_is_cancelled_together_with_a_push_is_cancelled() -> None:
    async def story() -> None:
        clock = Clock(speed=60)
        for _ in range(20):
            sleeper = asyncio.ensure_future(clock.sleep_until(1e9))
            await asyncio.sleep(0)
            clock.advance(1)
            await asyncio.sleep(0)
            sleeper.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(sleeper, 5)

    asyncio.run(story())
