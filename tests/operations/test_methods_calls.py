"""Every look and every poll of every method's steps, in a revoke and in its restore, may fail in every way."""

import asyncio
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.operations.call_faults import AFTER_LOST, CASES, FAULTS, READ_BESIDES, Call, Story, live_all
from tests.operations.stories import Azure
from tests.support import Sandbox, changes, serve

_EVERYDAY = {("firewall", "revoke", "look again")}
SPEED = 600


@pytest.fixture(scope="module")
def pools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[Sandbox]]]:
    """By scenario, as many sandboxes as there are faults; they are started when a test first asks for them."""
    found: dict[str, list[Sandbox]] = {}

    class Pools(dict[str, list[Sandbox]]):
        def __missing__(self, scenario: str) -> list[Sandbox]:
            folder = tmp_path_factory.mktemp(scenario)
            found[scenario] = self[scenario] = [
                serve(folder / str(n), speed=SPEED, scenario=scenario) for n in range(len(FAULTS))
            ]
            return self[scenario]

    yield Pools()
    for pool in found.values():
        for one in pool:
            one.stop()


def _calls(what: str, turn: str) -> tuple[Call, ...]:
    return CASES[what].revoke if turn == "revoke" else CASES[what].restore


def _cells() -> list[object]:
    return [
        pytest.param(
            what,
            turn,
            call,
            marks=() if (what, turn, call.what) in _EVERYDAY else pytest.mark.full,
            id=f"{what}-{turn}-{call.what}",
        )
        for what in CASES
        for turn in ("revoke", "restore")
        for call in _calls(what, turn)
    ]


def _spec(glob: str, before: int, fault: str) -> str:
    kind, _, times = fault.partition(";")
    return f"{glob} {kind};skip={before};{times or 'times=1'}"


@pytest.mark.parametrize(("what", "turn", "call"), _cells())
def test_a_look_or_a_poll_that_fails_is_told_truly_and_does_not_change_the_end(
    pools: dict[str, list[Sandbox]], tmp_path: Path, what: str, turn: str, call: Call
) -> None:
    pool = pools[CASES[what].kind.scenario]
    cells = [(_spec(call.glob, call.before, fault),) for fault in FAULTS]
    asyncio.run(live_all(pool, tmp_path, what, turn, cells))


@pytest.mark.full
@pytest.mark.parametrize(("what", "turn"), [(what, turn) for what, case in CASES.items() for turn in case.lost])
def test_after_a_lost_answer_a_look_that_fails_too_is_told_truly_and_does_not_change_the_end(
    pools: dict[str, list[Sandbox]], tmp_path: Path, what: str, turn: str
) -> None:
    write, look = CASES[what].lost[turn]
    cells = [(f"{write} lost;times=1", _spec(look.glob, look.before, fault)) for fault in AFTER_LOST]
    asyncio.run(live_all(pools[CASES[what].kind.scenario], tmp_path, what, turn, cells))


@pytest.mark.full
@pytest.mark.parametrize(("what", "turn"), [(what, turn) for what, case in CASES.items() for turn in case.lost])
def test_the_list_of_calls_is_whole(pools: dict[str, list[Sandbox]], tmp_path: Path, what: str, turn: str) -> None:
    sandbox = pools[CASES[what].kind.scenario][0]
    story = Story(Azure(sandbox, tmp_path), what, turn)
    asyncio.run(story.live())
    mine = [one for one in story.sent if one["principal"] in (None, "administrator", "responder") and not changes(one)]
    sent = [f"{one['method']} {one['host']}{one['path']}".lower() for one in mine]
    calls = _calls(what, turn)
    known = [call.glob.lower() for call in calls] + [glob.lower() for glob in READ_BESIDES]
    assert [line for line in sent if not any(fnmatchcase(line, glob) for glob in known)] == []
    for call in calls:
        assert sum(fnmatchcase(line, call.glob.lower()) for line in sent) > call.before, call
