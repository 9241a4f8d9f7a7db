"""Every look and every poll of every method's steps, in a revoke and in its restore, may fail in every way."""

import asyncio
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.operations.call_faults import AFTER_LOST, CASES, FAULTS, READ_BESIDES, Call, Story, live_all
from tests.operations.stories import Azure
from tests.support import Sandbox, changes, serve

_EVERYDAY = ("operations", "revoke")
SPEED = 600


class Pools:
    """Sandboxes by scenario, as many as a test asks for at once; they stay for the next one."""

    def __init__(self, factory: pytest.TempPathFactory) -> None:
        self._factory = factory
        self._found: dict[str, list[Sandbox]] = {}

    def of(self, scenario: str, count: int) -> list[Sandbox]:
        pool = self._found.setdefault(scenario, [])
        while len(pool) < count:
            pool.append(serve(self._factory.mktemp(scenario), speed=SPEED, scenario=scenario))
        return pool[:count]

    def stop(self) -> None:
        for one in (sandbox for pool in self._found.values() for sandbox in pool):
            one.stop()


@pytest.fixture(scope="module")
def pools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pools]:
    found = Pools(tmp_path_factory)
    yield found
    found.stop()


def _calls(what: str, turn: str) -> tuple[Call, ...]:
    return CASES[what].revoke if turn == "revoke" else CASES[what].restore


def _turns() -> list[tuple[str, str]]:
    return [(what, turn) for what, case in CASES.items() for turn in case.lost]


def _cells() -> list[object]:
    cells = [(what, turn, call) for what in CASES for turn in ("revoke", "restore") for call in _calls(what, turn)]
    return [pytest.param(*cell, id=f"{cell[0]}-{cell[1]}-{cell[2].what}") for cell in cells]


def _spec(glob: str, before: int, fault: str) -> str:
    kind, _, times = fault.partition(";")
    return f"{glob} {kind};skip={before};{times or 'times=1'}"


@pytest.mark.full
@pytest.mark.parametrize(("what", "turn", "call"), _cells())
def test_a_look_or_a_poll_that_fails_is_told_truly_and_does_not_change_the_end(
    pools: Pools, tmp_path: Path, what: str, turn: str, call: Call
) -> None:
    cells = [(_spec(call.glob, call.before, fault),) for fault in FAULTS]
    asyncio.run(live_all(pools.of(CASES[what].kind.scenario, len(cells)), tmp_path, what, turn, cells))


@pytest.mark.parametrize(
    ("what", "turn"),
    [pytest.param(*one, marks=() if one == _EVERYDAY else pytest.mark.full) for one in _turns()],
)
def test_after_a_lost_answer_a_look_that_fails_too_is_told_truly_and_does_not_change_the_end(
    pools: Pools, tmp_path: Path, what: str, turn: str
) -> None:
    write, look = CASES[what].lost[turn]
    cells = [(f"{write} lost;times=1", _spec(look.glob, look.before, fault)) for fault in AFTER_LOST]
    asyncio.run(live_all(pools.of(CASES[what].kind.scenario, len(cells)), tmp_path, what, turn, cells))


@pytest.mark.full
@pytest.mark.parametrize(("what", "turn"), _turns())
def test_the_list_of_calls_is_whole(pools: Pools, tmp_path: Path, what: str, turn: str) -> None:
    [sandbox] = pools.of(CASES[what].kind.scenario, 1)
    story = Story(Azure(sandbox, tmp_path), what, turn)
    asyncio.run(story.live())
    mine = [one for one in story.sent if one["principal"] in (None, "administrator", "responder") and not changes(one)]
    sent = [f"{one['method']} {one['host']}{one['path']}".lower() for one in mine]
    calls = _calls(what, turn)
    known = [call.glob.lower() for call in calls] + [glob.lower() for glob in READ_BESIDES]
    assert [line for line in sent if not any(fnmatchcase(line, glob) for glob in known)] == []
    for call in calls:
        assert sum(fnmatchcase(line, call.glob.lower()) for line in sent) > call.before, call
