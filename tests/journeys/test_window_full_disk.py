"""The disk is full while the window writes: it says what was in flight and how to go on, and goes on when there is room."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton

from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.ui.emergency.operation_page import OperationPage
from tests.journeys.clients import Clients
from tests.journeys.driver import Driver
from tests.support import Program, Sandbox


@contextmanager
def no_file_grows_beyond(size: int) -> Iterator[None]:
    """Of this process, which is the window's too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_told_with_the_step_in_flight_and_the_page_goes_on(
    driver: Driver, sandbox: Sandbox, program: Program
) -> None:
    driver.select("dcc-premium", "mysql-encryption-key")
    driver.shortcut(Qt.Key.Key_R)
    driver.revoke_page()
    sandbox.fault("PATCH *keys/mysql-encryption-key* hold;times=1")
    page = driver.start()
    driver.until(lambda: page.report.steps[0].state is StepState.SENT, "the write to be sent")
    [log] = program.home.glob("connections/*/journal.db-wal")
    with no_file_grows_beyond(log.stat().st_size):
        sandbox.no_faults()
        sandbox.post("release")
        told = driver.dialog("tell")
    said = driver.text("tell-text", told)
    operation = page.report.operation
    assert f"Operation {operation} was stopped before its next write: 1 of 1 change made." in said
    assert "Step 1 (" in said
    assert "was in flight: it was done, and that is in the journal." in said
    assert "Make room on the disk of " in said
    assert said.endswith(f"cmk-admin resume {operation}")
    driver.button("tell-close", told).click()
    driver.until(lambda: not driver.emergency.operations.runs(operation) and not page.report.alive, "its end")
    assert driver.badge("operation-outcome", page) == "Interrupted"
    since = sandbox.last_request()

    driver.click("operation-resume", page)
    driver.until(lambda: page.report.outcome is Outcome.DONE, "the operation to end")
    assert isinstance(driver.ended(page), OperationPage)
    assert not any(one["method"] == "PATCH" for one in sandbox.writes(since))
    assert Clients(sandbox).server_state() == "Inaccessible"
    assert driver.find(QAbstractButton, "operation-restore", page).isEnabled()
