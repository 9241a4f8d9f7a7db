"""Azure's time and the machine's."""

from datetime import UTC, datetime, timedelta

from cmk_admin.runtime.clock import ConnectionClock


def test_speed_scales_seconds_and_never_moves_the_calendar() -> None:
    clock = ConnectionClock(speed=60)
    assert clock.azure_seconds(10) == 600
    assert clock.real_seconds(600) == 10
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_pushed_calendar_is_followed() -> None:
    clock = ConnectionClock(ahead=timedelta(days=400))
    assert timedelta(days=399) < clock.now() - datetime.now(UTC) < timedelta(days=401)


def test_a_stopped_clock_never_gets_there() -> None:
    assert ConnectionClock(speed=0).real_seconds(1) == float("inf")


def test_the_stopwatch_does_not_go_back() -> None:
    clock = ConnectionClock()
    readings = [clock.monotonic() for _ in range(100)]
    assert readings == sorted(readings)
