"""One sandbox for all of these tests, with az signed in, and a table of results at the end.

Each test makes what it changes under names of its own, so that they can share the sandbox: az and its sign-in are slow.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.az.runner import Az, Table
from tests.journeys.clients import Clients
from tests.sandbox.running import Client
from tests.support import Program, Sandbox, serve

PROGRAM = os.environ.get("CMK_ADMIN_AZ")
# Without az there is nothing to try; `make az` names it.
collect_ignore_glob = [] if PROGRAM else ["test_*.py"]

GROUP = "az-tests"
TABLE = pytest.StashKey[Table]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TABLE] = Table()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome: Any = yield
    if outcome.get_result().failed:
        item.config.stash[TABLE].failed.add(item.nodeid)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    table = config.stash[TABLE]
    if not PROGRAM or not table.calls:
        return
    terminalreporter.write_line("")
    for command, calls, word in table.rows():
        terminalreporter.write_line(f"{command:<40}{calls:>4} {'call ' if calls == 1 else 'calls'}  {word}")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    table = session.config.stash[TABLE]
    whole = PROGRAM and session.config.args == ["tests/az"] and not session.config.option.keyword
    if whole and exitstatus == pytest.ExitCode.OK and any(word != "green" for _, _, word in table.rows()):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The owners' estate, 60 times as fast as Azure."""
    running = serve(tmp_path_factory.mktemp("azure"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def signed_in(azure: Sandbox, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> list[Any]:
    """What ``az login`` as the administrator answered; the secret goes through a file, which az reads."""
    assert PROGRAM is not None
    folder = tmp_path_factory.mktemp("secret")
    who = azure.described["principals"]["administrator"]
    secret = folder / "secret"
    secret.touch(mode=0o600)
    secret.write_text(who["secret"])
    run = Az(Path(PROGRAM).absolute(), azure.file, pytestconfig.stash[TABLE], "signing in")
    login = ("login", "--service-principal", "--username", who["client_id"], "--password", f"@{secret}")
    found: list[Any] = run(*login, "--tenant", azure.described["tenant_id"])
    shutil.rmtree(folder)
    run("group", "create", "--name", GROUP, "--location", "westeurope")
    return found


@pytest.fixture
def az(azure: Sandbox, signed_in: list[Any], request: pytest.FixtureRequest) -> Az:
    """az, signed in."""
    assert signed_in
    assert PROGRAM is not None
    return Az(Path(PROGRAM).absolute(), azure.file, request.config.stash[TABLE], request.node.nodeid)


@pytest.fixture
def client(azure: Sandbox) -> Iterator[Client]:
    """Bare requests through the proxy: what the sandbox itself answers."""
    described = Client(azure.file, azure.described)
    yield described
    if described._session is not None:
        described._session.close()


@pytest.fixture
def read(client: Client) -> Callable[[str, str], Any]:
    """``read(id, api_version)``: a resource as the resource manager answers it; None where it is not there."""

    def one(resource_id: str, version: str) -> Any:
        answer = client.arm("GET", resource_id, version)
        return None if answer.status_code == 404 else answer.json()

    return one


@pytest.fixture
def sdk(azure: Sandbox) -> Callable[..., Clients]:
    """``sdk("administrator")``: Microsoft's Python clients, as any principal, also one made since."""

    def signed(principal: str = "administrator") -> Clients:
        # Read again: the file names the principals made since.
        return Clients(Sandbox(azure.file, azure.process, json.loads(azure.file.read_text())), principal)

    return signed


@pytest.fixture
def program(azure: Sandbox, tmp_path: Path) -> Program:
    """``cmk-admin --connection FILE`` of the sandbox."""
    return Program(tmp_path / "home", azure.file)


@pytest.fixture(scope="session")
def vault(azure: Sandbox, signed_in: list[Any], pytestconfig: pytest.Config) -> str:
    """The name of a Premium vault with access policies, in which the administrator may do everything with keys."""
    assert signed_in
    assert PROGRAM is not None
    run = Az(Path(PROGRAM).absolute(), azure.file, pytestconfig.stash[TABLE], "making a vault")
    name = "az-tests-keys"
    made = ("keyvault", "create", "--name", name, "--resource-group", GROUP, "--location", "westeurope")
    run(*made, "--sku", "premium", "--enable-rbac-authorization", "false", "--retention-days", "7")
    administrator = azure.described["principals"]["administrator"]["object_id"]
    run("keyvault", "set-policy", "--name", name, "--object-id", administrator, "--key-permissions", "all", "purge")
    return name
