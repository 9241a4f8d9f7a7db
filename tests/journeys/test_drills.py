"""Drills on the program's own sandbox: what is done rightly scores clean, what is done wrongly is told."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from cmk_admin.app import connect
from cmk_admin.cli.drill import debrief_text
from cmk_admin.domain.drill import Debrief, Verdict, duration, lines, outcome
from cmk_admin.domain.errors import BadInput, Refused
from cmk_admin.domain.steps import Outcome
from cmk_admin.domain.verbs.attach import AttachDraft
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.interface import Backend, ConnectionChoice, LiveChoice

# The drill's sandbox is 60 times as fast as Azure: ten minutes are ten seconds.
_WITHIN = 60.0
_COMMAND = [sys.executable, "-m", "cmk_admin"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CMK_ADMIN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def held(name: str, act: Callable[[Backend], Awaitable[None]], *, until: Callable[[Debrief], bool]) -> Debrief:
    """Hold a drill, act, and wait for what is expected of the score."""

    async def story() -> Debrief:
        backend = await connect(ConnectionChoice(own_sandbox=True, drill=name, speed=600.0))
        try:
            assert backend.info.drill == name
            await backend.read()
            await act(backend)
            end = time.monotonic() + _WITHIN
            while True:
                score = await backend.debrief()
                assert score is not None
                if until(score) or time.monotonic() > end:
                    return score
                await asyncio.sleep(0.2)
        finally:
            await backend.close()

    return asyncio.run(story())


def revoke(key: str, *services: str, **facts: Any) -> Callable[[Backend], Awaitable[None]]:
    """Plan and run a revoke of a key: of all of it, or for the services named."""

    async def act(backend: Backend) -> None:
        assert backend.estate is not None
        wanted = next(one.id.key for one in backend.estate.keys if one.id.name == key)
        named = tuple(one.id for one in backend.estate.consumers if one.name in services)
        await backend.run(await backend.prepare_revoke(RevokeDraft(key=wanted, consumers=named, **facts)), watch=False)

    return act


def cut(score: Debrief) -> bool:
    return all(one.azure_seconds is not None for one in score.targets)


DISABLE = {"lock": "issuer-key", "storm": "issuer-key", "inherited": "issuer-key", "expiry": "issuer-key"}


@pytest.mark.parametrize("name", list(DISABLE))
def test_disabling_the_services_own_key_solves_the_drill(name: str) -> None:
    score = held(name, revoke(DISABLE[name], method="disable"), until=cut)
    assert score.passed, score
    assert [line.verdict for line in lines(score)] == [Verdict.GOOD] * 3
    assert outcome(score) == "Passed: issuer-mysql lost the key, and nobody else did."
    assert not score.targets[0].open


def test_behind_a_firewall_the_grants_are_removed_through_the_resource_manager() -> None:
    score = held("blind", revoke("issuer-key", "issuer-mysql", method="grants"), until=cut)
    assert score.passed, score


def test_cutting_what_two_services_share_cuts_the_wrong_one_and_the_debrief_says_so() -> None:
    score = held("shared", revoke("certificates-key", method="disable"), until=lambda one: bool(one.wrong))
    assert not score.passed
    assert [one.name for one in score.wrong] == ["portal-mysql"]
    wrong = lines(score)[-1]
    assert wrong.verdict is Verdict.BAD
    assert "portal-mysql lost its key" in wrong.words


def test_a_plan_that_cuts_who_shares_the_identity_names_the_better_way_and_counts_it_apart() -> None:
    said: list[str] = []

    async def act(backend: Backend) -> None:
        assert backend.estate is not None
        key = next(one.id.key for one in backend.estate.keys if one.id.name == "certificates-key")
        target = next(one.id for one in backend.estate.consumers if one.name == "issuer-mysql")
        plan = await backend.prepare_revoke(RevokeDraft(key=key, consumers=(target,), method="grants"))
        (warning,) = [one for one in plan.warnings if "First give" in one]
        assert warning.startswith("First give portal-mysql an identity and a key grant of its own (attach), then cut")
        assert "certificates-id" in warning
        said.append((await backend.run(plan)).sentence)

    score = held("shared", act, until=lambda one: bool(one.wrong))
    assert [one.name for one in score.wrong] == ["portal-mysql"]
    assert "1 of 1 service confirmed cut off, 1 other cut as well" in said[0]


def test_giving_the_service_that_stays_a_key_of_its_own_first_solves_what_two_share() -> None:
    async def act(backend: Backend) -> None:
        assert backend.estate is not None
        found = backend.estate
        stays = next(one for one in found.consumers if one.name == "portal-mysql")
        draft = AttachDraft(
            key=next(one.id for one in found.keys if one.id.name == "spare-key"),
            consumer=stays.id,
            service=stays.service,
            identity=next(one.resource_id for one in found.identities if one.name == "spare-id"),
        )
        moved = await backend.run(await backend.prepare(draft), watch=False)
        assert moved.outcome is Outcome.DONE, moved.sentence
        await backend.read()
        await revoke("certificates-key", method="disable")(backend)

    score = held("shared", act, until=cut)
    assert score.passed, score


def test_removing_a_grant_under_the_lock_leaves_the_service_with_its_data() -> None:
    async def act(backend: Backend) -> None:
        with pytest.raises(Refused, match="lock “keep-the-keys”"):
            await revoke("issuer-key", "issuer-mysql", method="grants")(backend)

    score = held("lock", act, until=lambda one: True)
    assert not score.passed
    assert "issuer-mysql can still use issuer-key" in lines(score)[1].words


def test_removing_its_own_grant_alone_leaves_the_inherited_ones_open() -> None:
    score = held("inherited", revoke("issuer-key", "issuer-mysql", method="grants"), until=lambda one: True)
    assert not score.passed
    assert "“Certificates Key User” at certificates-keys" in lines(score)[1].words
    assert not score.wrong


def test_what_is_left_open_is_told_and_nothing_is_right_or_wrong_before_anything_was_changed() -> None:
    async def look_only(backend: Backend) -> None:
        assert backend.estate is not None
        key = next(one.id.key for one in backend.estate.keys if one.id.name == "issuer-key")
        await backend.prepare_revoke(RevokeDraft(key=key, method="disable"))

    score = held("inherited", look_only, until=lambda one: True)
    assert not score.passed
    assert not score.touched
    assert [line.verdict for line in lines(score)] == [Verdict.OPEN] * 3
    assert outcome(score) == "Nothing was changed yet: issuer-mysql still has its data."
    assert "through a group" in lines(score)[1].words
    assert "Best:" not in debrief_text(score)


def test_what_was_changed_and_left_open_is_wrong() -> None:
    score = held("inherited", revoke("issuer-key", "issuer-mysql", method="grants"), until=lambda one: True)
    assert score.touched
    assert [line.verdict for line in lines(score)] == [Verdict.OPEN, Verdict.BAD, Verdict.GOOD]
    assert outcome(score) == "Not done yet: issuer-mysql still has its data."
    assert f"Best: {score.better}" in debrief_text(score)


def test_when_the_key_was_refused_and_when_the_server_stopped_are_told_apart() -> None:
    score = held("lock", revoke("issuer-key", method="disable"), until=lambda one: bool(one.targets[0].stopped_seconds))
    (target,) = score.targets
    assert target.azure_seconds is not None
    assert target.stopped_seconds is not None
    assert target.azure_seconds <= target.stopped_seconds
    said = lines(score)[0].words
    assert said.startswith(f"Key refused {duration(target.azure_seconds)} after the drill began")
    assert f"server seen to stop {duration(target.stopped_seconds)} after it began" in said
    assert "Cut off" not in said


def test_a_drill_cannot_hold_a_live_credential() -> None:
    for other in (ConnectionChoice(drill="lock", live=LiveChoice()), ConnectionChoice(drill="lock", file=Path("x"))):
        with pytest.raises(BadInput, match="on a sandbox of its own"):
            asyncio.run(connect(other))
    with pytest.raises(BadInput, match="no drill"):
        asyncio.run(connect(ConnectionChoice(own_sandbox=True, drill="nothing")))


def test_the_command_line_holds_a_drill_on_a_fresh_sandbox_each_time(home: Path) -> None:
    seen = []
    for _ in range(2):
        done = subprocess.run(
            [*_COMMAND, "--drill", "lock", "mapping", "--format", "json"], capture_output=True, text=True, check=True
        )
        seen.append({row["consumer_id"].rsplit("/", 1)[-1] for row in json.loads(done.stdout)["rows"]})
    told = subprocess.run([*_COMMAND, "--drill", "lock", "mapping"], capture_output=True, text=True, check=True).stderr
    assert "Drill “lock”: Nothing was changed yet" in told
    assert "Paths left open: issuer-mysql can still use issuer-key" in told
    assert {one.name for one in (home / "drill").iterdir()} == {"owner.lock", "serve.log"}
    assert not (home / "connections").exists()
    assert seen == [{"issuer-mysql", "archive-mysql"}] * 2
    refused = subprocess.run(
        [*_COMMAND, "--drill", "lock", "--live", "mapping"], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 2
