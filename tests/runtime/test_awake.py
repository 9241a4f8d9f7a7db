"""Holding sleep off: it returns at once, and a desktop that has no way to it stops nothing."""

import logging
import time

import pytest

from cmk_admin.runtime.awake import awake


def _said(log: pytest.LogCaptureFixture, words: str) -> bool:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if any(words in record.getMessage() for record in log.records):
            return True
        time.sleep(0.05)
    return False


def test_sleep_is_held_off_where_the_desktop_can(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAKEPY_FAKE_SUCCESS", "1")
    caplog.set_level(logging.INFO)
    with awake("a test"):
        assert _said(caplog, "sleep is held off")


def test_a_desktop_without_a_way_is_logged_and_stops_nothing(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS"):
        monkeypatch.setenv(name, "unix:path=/nonexistent/bus")
    monkeypatch.delenv("WAKEPY_FAKE_SUCCESS", raising=False)
    caplog.set_level(logging.INFO)
    began = time.monotonic()
    with awake("a test"):
        assert time.monotonic() - began < 0.5
        assert _said(caplog, "sleep cannot be held off") or _said(caplog, "sleep is held off")
