"""SIGKILL at every boundary of a drill's set-up: the next drill begins as if there had never been one before."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cmk_admin.app import connect
from cmk_admin.domain.drill import DRILLS, Debrief
from cmk_admin.domain.steps import Outcome
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.interface import Backend, ConnectionChoice

pytestmark = pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="SIGKILL, and looks into /proc")

_DYING = Path(__file__).parent / "dying"
_SECONDS = 15.0
PROGRAM = (
    "program os.mkdir ",
    "program os.mkdir /log",
    "program os.mkdir /drill",
    "program open /drill/owner.lock",
    "program fcntl.flock",
    "program os.remove /drill/connection.json",
    "program open /drill/serve.log",
    "program subprocess.Popen",
    "program socket.bind",
    "program socket.connect",
    "program os.mkdir /drill/connections",
    "program os.mkdir /drill/connections/sandbox-*",
    "program open /drill/connections/sandbox-*/journal.db",
    "program sqlite3.connect /drill/connections/sandbox-*/journal.db",
    "program open /drill/connections/sandbox-*/reserve",
    "program os.mkdir /drill/connections/sandbox-*/estates",
    "program open /drill/connections/sandbox-*/estates/.*.estate*",
    "program os.rename /drill/connections/sandbox-*/estates/*.estate",
    "program shutil.rmtree /drill/connections",
    "program os.rmdir /drill/connections",
    "program shutil.rmtree /drill/state",
    "program os.rmdir /drill/state",
)
SANDBOX = (
    "sandbox os.mkdir /drill/state",
    "sandbox open /drill/state/lock",
    "sandbox fcntl.flock",
    "sandbox open /drill/state/world.sqlite3",
    "sandbox sqlite3.connect /drill/state/world.sqlite3",
    "sandbox os.remove /drill/state/ca-key.pem*",
    "sandbox open /drill/state/ca-key.pem*",
    "sandbox os.rename /drill/state/ca-key.pem",
    "sandbox os.remove /drill/state/ca.pem*",
    "sandbox open /drill/state/ca.pem*",
    "sandbox os.rename /drill/state/ca.pem",
    "sandbox os.remove /drill/state/leaf*.pem*",
    "sandbox open /drill/state/leaf*.pem*",
    "sandbox os.rename /drill/state/leaf*.pem",
    "sandbox os.remove /drill/state/leaf*.pem",
    "sandbox socket.bind",
    "sandbox os.remove /drill/connection.json*",
    "sandbox open /drill/connection.json*",
    "sandbox os.rename /drill/connection.json",
    "sandbox os.remove /drill/connection.json",
)
"""In the order in which they are crossed; the same in every drill. The last one of each stands after its end."""
_EVERYDAY = {"program subprocess.Popen", "sandbox os.rename /drill/connection.json"}
KEPT = {"log", "log/log.jsonl", "drill", "drill/owner.lock", "drill/serve.log"}
"""What may be left in a home in which drills were held: nothing of what was in them."""


def _cells() -> list[object]:
    """Each boundary, with the sandbox left to itself or killed too; the drills take turns."""
    cells = [(at, False) for at in PROGRAM + SANDBOX] + [(at, True) for at in SANDBOX]
    drills = sorted(DRILLS)
    return [
        pytest.param(drills[n % len(drills)], at, both, marks=() if at in _EVERYDAY and not both else pytest.mark.full)
        for n, (at, both) in enumerate(cells)
    ]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CMK_ADMIN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def _held(name: str, **facts: str) -> "subprocess.CompletedProcess[str]":
    """Hold a drill on the command line, in a process that tells its boundaries or dies at one."""
    command = [sys.executable, "-m", "cmk_admin", "--drill", name, "mapping", "--format", "json"]
    environment = {**os.environ, "PYTHONPATH": str(_DYING), **facts}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=60)


def _processes(home: Path) -> list[str]:
    """The command lines of living processes that name the home: a drill's sandbox does."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_text().replace("\0", " ")
        except OSError:
            continue  # it ended meanwhile
        if str(home) in line:
            found.append(line)
    return found


@pytest.mark.parametrize(("name", "at", "both"), _cells())
def test_a_drill_that_is_killed_leaves_nothing_in_the_way_of_the_next(
    home: Path, name: str, at: str, both: bool
) -> None:
    killed = _held(name, KILLED_AT=at, **({"KILLED_BOTH": "1"} if both else {}))
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    score = asyncio.run(_solved(name))
    assert all(one.azure_seconds is not None for one in score.targets), score
    assert [one.name for one in score.wrong] == (["portal-mysql"] if name == "shared" else [])
    end = time.monotonic() + _SECONDS
    while _processes(home) and time.monotonic() < end:
        time.sleep(0.05)
    assert _processes(home) == []
    assert {str(one.relative_to(home)) for one in home.rglob("*")} <= KEPT


async def _solved(name: str) -> Debrief:
    """Hold the next drill: it is fresh, and the service that must lose its data is cut as the drill would have it."""
    backend = await connect(ConnectionChoice(own_sandbox=True, drill=name, speed=600.0))
    try:
        began = await backend.debrief()
        assert began is not None
        assert (began.name, [bool(one.open) for one in began.targets]) == (name, [True])
        assert not began.wrong
        assert {one.azure_seconds for one in began.targets} == {None}
        assert began.real_seconds < _SECONDS
        assert await backend.operations() == ()
        await backend.read()
        await _cut(backend, name)
        end = time.monotonic() + _SECONDS
        while True:
            score = await backend.debrief()
            assert score is not None
            if all(one.azure_seconds is not None for one in score.targets) or time.monotonic() > end:
                return score
            await asyncio.sleep(0.1)
    finally:
        await backend.close()


async def _cut(backend: Backend, name: str) -> None:
    """The vault of ``blind`` is behind a firewall; in ``shared`` the other service uses the same key, and loses it too."""
    assert backend.estate is not None
    (target,) = [one for one in backend.estate.consumers if one.name == "issuer-mysql"]
    key = target.slots[0].key_id.key
    draft = RevokeDraft(key=key, method="disable")
    if name == "blind":
        draft = RevokeDraft(key=key, method="grants", consumers=(target.id,))
    done = await backend.run(await backend.prepare_revoke(draft), watch=False)
    assert done.outcome in (Outcome.DONE, Outcome.PARTIAL), done.log


@pytest.mark.full
@pytest.mark.parametrize("name", sorted(DRILLS))
def test_the_list_of_boundaries_is_whole(home: Path, tmp_path: Path, name: str) -> None:
    told = tmp_path / "boundaries"
    assert _held(name, BOUNDARIES_TO=str(told)).returncode == 0
    assert set(told.read_text().splitlines()) == set(PROGRAM + SANDBOX)
