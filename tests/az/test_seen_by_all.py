"""One vault, three clients: what one of them makes, the others see."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from tests.az.runner import Az
from tests.journeys.clients import Clients
from tests.journeys.driver import Driver
from tests.journeys.wizards import WizardDriver
from tests.support import Program, Sandbox


@pytest.fixture
def open_window(tmp_path: Path, qapp: QApplication, azure: Sandbox) -> Iterator[Callable[[], Driver]]:
    """Opens the window on the sandbox, with its estate read."""
    opened: list[Driver] = []

    def make() -> Driver:
        opened.append(Driver(tmp_path))
        return opened[-1].connect(azure)

    yield make
    for one in opened:
        one.close()


def keys_of(program: Program, vault: str) -> dict[str, Any]:
    """The keys of a vault as the program prints them."""
    done = program.json("estate")
    assert done.status == 0, done.err
    (found,) = (one for one in done.json["vaults"] if one["name"] == vault)
    return {one["name"]: one for one in found["keys"]}


def test_a_key_made_by_az_is_in_the_programs_estate(az: Az, program: Program, vault: str) -> None:
    made = az(
        *("keyvault", "key", "create", "--vault-name", vault, "--name", "for-the-program", "--kty", "RSA-HSM"),
        *("--size", "3072", "--ops", "wrapKey", "unwrapKey"),
    )["key"]
    seen = keys_of(program, vault)["for-the-program"]
    assert (seen["key_type"], seen["key_size"], seen["key_options"]) == ("RSA-HSM", 3072, ["unwrapKey", "wrapKey"])
    assert made["kid"] == f"{seen['key_id']}/{seen['current_version']}"


def test_a_key_made_by_python_is_seen_by_az_and_by_the_program(
    az: Az, program: Program, vault: str, sdk: Callable[..., Clients]
) -> None:
    made = (
        sdk().keys(f"https://{vault}.vault.azure.net").create_rsa_key("by-python", size=2048, hardware_protected=True)
    )
    shown = az("keyvault", "key", "show", "--vault-name", vault, "--name", "by-python")["key"]
    assert (shown["kid"], shown["kty"]) == (made.id, "RSA-HSM")
    assert "by-python" in keys_of(program, vault)


def test_a_key_made_by_az_stands_in_the_windows_tree(az: Az, vault: str, open_window: Callable[[], Driver]) -> None:
    az("keyvault", "key", "create", "--vault-name", vault, "--name", "for-the-window", "--kty", "RSA-HSM")
    driver = open_window()
    driver.select(vault, "for-the-window")
    assert driver.window.selected().name == "for-the-window"


def test_a_key_made_on_the_command_line_is_seen_by_az(az: Az, program: Program) -> None:
    done = program.json("create-key", "dcc-premium/by-program", "--for", "mysql", "--yes")
    assert done.status == 0, done.out + done.err
    shown = az("keyvault", "key", "show", "--vault-name", "dcc-premium", "--name", "by-program")["key"]
    assert (shown["kty"], sorted(shown["keyOps"])) == ("RSA-HSM", ["unwrapKey", "wrapKey"])


def test_a_key_made_in_the_window_is_seen_by_az(az: Az, open_window: Callable[[], Driver]) -> None:
    driver = open_window()
    driver.select("dcc-premium")
    driver.key(Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    wizard = WizardDriver(driver)
    wizard.next("kind")
    wizard.next("place")
    wizard.type("answer-name", "by-window")
    wizard.next("dates")
    wizard.next("extras")
    wizard.next("plan")
    wizard.plan()
    operation = wizard.start()
    assert operation.report.outcome.value == "done"
    shown = az("keyvault", "key", "show", "--vault-name", "dcc-premium", "--name", "by-window")["key"]
    assert (shown["kty"], sorted(shown["keyOps"])) == ("RSA-HSM", ["unwrapKey", "wrapKey"])
