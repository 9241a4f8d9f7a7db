"""What the emergency's screens say: short, concrete, and never more than is known."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmk_admin.domain.index import Index
from cmk_admin.domain.plan import Effect, Gate, PathState, PlannedPath
from cmk_admin.domain.steps import Outcome, StepState, StepVerb
from cmk_admin.domain.verbs import revoke
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.interface import (
    AWAY,
    Alarm,
    ConnectionInfo,
    ConnectionKind,
    Counting,
    Incident,
    OperationReport,
    PathProof,
    Proof,
    ProvenPath,
    StepReport,
    WatchReport,
    WatchResult,
)
from cmk_admin.ui.emergency.lane_words import effect_lane, watch_lane, watch_words
from cmk_admin.ui.emergency.lanes import position
from cmk_admin.ui.emergency.look import interrupted, outcome, short_title
from cmk_admin.ui.emergency.operation_words import (
    again,
    alarm_words,
    alarms,
    alternative,
    notices,
    planned_wait,
    waits_for,
)
from cmk_admin.ui.emergency.paths import count_words
from cmk_admin.ui.emergency.proof_card import proof_look
from cmk_admin.ui.emergency.revoke_words import button_words
from cmk_admin.ui.emergency.script_file import write_script
from cmk_admin.ui.pages import tab_text
from tests.domain import estates

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EFFECT = Effect(
    consumer_id="/subscriptions/1/servers/dcc-mysql",
    consumer_name="dcc-mysql",
    service="mysql-flexible",
    stops="The server refuses every connection and turns Inaccessible",
    within_seconds=1200,
    lost="Nothing, as long as the key can be given back",
    comes_back="Give the key back, then revalidate it at the server",
)
PATH = PlannedPath(
    via="role Key Vault Crypto User", scope="/x", principal="p", principal_name=None, state=PathState.WILL_CLOSE
)
WATCH = WatchReport(
    consumer_id=EFFECT.consumer_id,
    consumer_name="dcc-mysql",
    service="mysql-flexible",
    wanted="lost",
    result=WatchResult.WAITING,
    before="Ready",
    now="Ready",
    seconds=94.0,
    wall_seconds=1.0,
    within_seconds=1200,
)
REPORT = OperationReport(
    operation="a1", verb="revoke", title="Cut it off", subject="key", outcome=Outcome.RUNNING, steps=()
)


@given(st.floats(min_value=0, max_value=1e9), st.floats(min_value=0, max_value=1e9))
def test_later_stands_further_right_and_nothing_leaves_the_axis(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0 <= position(low) <= position(high) <= 1


def test_a_lane_says_when_a_service_stops_and_how_it_comes_back() -> None:
    lane = effect_lane(EFFECT)
    assert lane.words == ("Stops, within 20 minutes: the server refuses every connection and turns Inaccessible.")
    assert lane.note == (
        "Lost: nothing, as long as the key can be given back. "
        "To bring it back: give the key back, then revalidate it at the server."
    )
    assert EFFECT.consumer_id in lane.tip


def test_a_service_that_nobody_named_is_marked_and_never_only_by_colour() -> None:
    lane = effect_lane(replace(EFFECT, wanted=False))
    assert lane.words.startswith("Cut as well, although nobody asked for it.")
    assert (lane.tone, lane.icon) == ("caution", "warning")


def test_a_service_that_goes_on_has_no_time_and_is_not_said_to_stop() -> None:
    lane = effect_lane(replace(EFFECT, stops="Goes on working: x stays open", within_seconds=None, goes_on=True))
    assert lane.words == "Goes on working: x stays open."
    assert lane.within_seconds is None
    assert "Lost" not in lane.note


@pytest.mark.parametrize(
    ("result", "reason", "said", "tone"),
    [
        (WatchResult.WAITING, None, "Watching for 1:34. Azure says Ready; expected within 20 minutes.", "accent"),
        (WatchResult.CONFIRMED, None, "Confirmed cut off after 1 minute 34 seconds. Azure says Ready.", "confirmed"),
        (WatchResult.NOT_CONFIRMED, "watching was stopped", "Not confirmed cut off: watching was stopped.", "unknown"),
        (WatchResult.CONTRADICTED, "it is still Ready", "Contradicted: it is still Ready.", "danger"),
    ],
)
def test_a_watch_says_what_was_measured(result: WatchResult, reason: str | None, said: str, tone: str) -> None:
    watch = replace(WATCH, result=result, reason=reason)
    assert watch_words(watch) == said
    assert watch_lane(watch).tone == tone


def staged(state: StepState) -> OperationReport:
    """A revoke that cuts dcc-mysql first; its second stage stands so."""
    plan = revoke.plan(RevokeDraft(key=estates.MYSQL_KEY.id), Index(estates.dcc()))
    step = replace(plan.steps[0], stage=1)
    gate = Gate(stage=1, consumer_id=EFFECT.consumer_id, service=EFFECT.service)
    row = StepReport(n=1, verb=step.verb.value, target=step.target, words=step.words, state=state, undo=None)
    other = replace(WATCH, consumer_id="/subscriptions/1/servers/other", consumer_name="other", seconds=None)
    return replace(
        REPORT, plan=replace(plan, steps=(step,), gates=(gate,)), steps=(row,), watch=(WATCH, other), alive=True
    )


def test_a_service_of_a_later_stage_waits_for_the_first_one_and_is_not_watched_yet() -> None:
    report = staged(StepState.PLANNED)
    first, other = report.watch
    assert waits_for(report, first) == ""
    assert waits_for(report, other) == "dcc-mysql"
    lane = watch_lane(other, waits_for="dcc-mysql")
    assert lane.words.startswith("Waits for dcc-mysql.")
    assert (lane.tone, lane.icon) == ("secondary", "clock")
    assert waits_for(staged(StepState.SENT), other) == ""


def test_a_planned_wait_is_no_warning_and_a_network_that_is_away_is_one() -> None:
    planned = replace(staged(StepState.PLANNED), paused="It waits until dcc-mysql shows the effect.")
    assert planned_wait(planned) == (planned.paused,)
    assert notices(planned, here=True) == ()
    away = replace(planned, paused=f"{AWAY} since 12:00:00 UTC.")
    assert planned_wait(away) == ()
    assert away.paused in notices(away, here=True)


def test_what_azure_said_before_the_network_went_is_not_said_of_now() -> None:
    assert "Azure last said Ready" in watch_words(WATCH, away=True)
    assert "Azure says Ready" in watch_words(WATCH)


def test_a_tab_begins_with_the_name_ends_with_the_act_and_keeps_its_time() -> None:
    plan = revoke.plan(RevokeDraft(key=estates.MYSQL_KEY.id), Index(estates.dcc()))
    key = str(estates.MYSQL_KEY.id)
    assert short_title("revoke", "whatever", key, replace(plan, method="disable")) == "mysql-encryption-key: disable"
    named = revoke.plan(RevokeDraft(key=estates.MYSQL_KEY.id, consumers=(estates.MYSQL.id,)), Index(estates.dcc()))
    assert short_title("revoke", "whatever", key, named) == "dcc-mysql: cut off"
    leaked = replace(plan, method="grants", effects=(), cause="key-leaked")
    assert short_title("revoke", "whatever", key, leaked) == "mysql-encryption-key: contain"
    long = f"{'a-long-name' * 5}-of-the-north: disable"
    cut = tab_text(long)
    assert len(cut) == 36
    assert cut.startswith("a-long-name")
    assert cut.endswith("-north: disable")
    timed = tab_text(long, "12:00:00 UTC")
    assert timed.startswith("a-long-name")
    assert timed.endswith(": disable · 12:00:00 UTC")


def test_times_of_an_incident_are_in_utc_and_say_so() -> None:
    local = NOW.astimezone(timezone(timedelta(hours=5)))
    assert alarm_words(Alarm(at=local, text="It came back.", kind="re-granted")).startswith("01 Mar, 12:00:00 UTC")


def test_a_service_that_is_still_up_after_its_time_is_quoted_as_azure_says_it() -> None:
    words = watch_words(replace(WATCH, result=WatchResult.CONTRADICTED, reason=None))
    assert words == "Contradicted: the documented time is over and Azure says Ready."


def test_green_is_only_for_what_was_confirmed() -> None:
    tones = {result: watch_lane(replace(WATCH, result=result)).tone for result in WatchResult}
    assert [result for result, tone in tones.items() if tone == "confirmed"] == [WatchResult.CONFIRMED]


def test_counts_of_paths_leave_out_what_there_is_none_of() -> None:
    still, unknown = replace(PATH, state=PathState.STAYS_OPEN), replace(PATH, state=PathState.UNKNOWN)
    assert count_words((PATH,)) == "1 will close"
    assert count_words((PATH, PATH)) == "both will close"
    assert count_words((PATH, PATH, PATH)) == "all 3 will close"
    assert count_words((PATH, still, unknown)) == "1 stays open, 1 not known, 1 will close"
    assert count_words((still,), after=True) == "1 still open"
    assert count_words(()) == ""


def test_the_red_button_holds_the_numbers_of_the_plan() -> None:
    index = Index(estates.dcc())
    plan = revoke.plan(RevokeDraft(key=estates.MYSQL_KEY.id, consumers=(estates.MYSQL.id,)), index)
    assert button_words(plan, complete=True) == "Remove 1 grant, cut 1 service"
    assert button_words(plan, complete=False) == "Remove 1 grant, cut at least 1 service"
    disable = revoke.plan(RevokeDraft(key=estates.MYSQL_KEY.id), index)
    versions = len(disable.steps)
    assert button_words(disable, complete=True).startswith(f"Disable {versions} version")
    open_way = replace(plan, effects=tuple(replace(one, goes_on=True) for one in plan.effects))
    assert button_words(open_way, complete=True) == "Remove 1 grant, no service stops"
    assert button_words(open_way, complete=False) == "Remove 1 grant, no known service stops"
    assert button_words(replace(plan, steps=()), complete=True) == "Nothing to revoke"
    assert button_words(replace(plan, steps=(), problems=("No.",)), complete=True) == "Cannot revoke"


def test_interrupted_is_what_nobody_runs_and_nobody_ended() -> None:
    left = replace(REPORT, resumable=True)
    assert interrupted(left)
    assert outcome(left).word == "Interrupted"
    assert not interrupted(replace(left, alive=True))
    failed = replace(left, outcome=Outcome.FAILED)
    assert not interrupted(failed)
    assert outcome(failed).word == "Failed"
    assert outcome(replace(REPORT, alive=True, cancel_requested=True)).word == "Stopping"


PROVEN = ProvenPath(path=PATH, state=PathProof.CLOSED)


@pytest.mark.parametrize(
    ("states", "words", "tone"),
    [
        ((PathProof.CLOSED,), "1 closed", "confirmed"),
        ((PathProof.CLOSED, PathProof.CLOSED), "all 2 closed", "confirmed"),
        ((PathProof.CLOSED, PathProof.UNKNOWN), "1 not known, 1 closed", "unknown"),
        ((PathProof.CLOSED, PathProof.UNKNOWN, PathProof.OPEN), "1 open, 1 not known, 1 closed", "danger"),
    ],
)
def test_a_proof_is_never_green_with_an_unknown(states: tuple[PathProof, ...], words: str, tone: str) -> None:
    proof = Proof(at=NOW, paths=tuple(replace(PROVEN, state=state) for state in states))
    look, said = proof_look(proof, NOW)
    assert (said, look.tone) == (words, tone)
    assert proof_look(None, NOW)[0].tone == "unknown"


def test_a_proof_is_not_green_while_what_is_closed_does_not_count() -> None:
    due = NOW + timedelta(minutes=4, seconds=10)
    counting = Counting(gone_at=NOW, gone_there=NOW, counts_at=due, settled_at=due)
    proof = Proof(at=NOW, paths=(PROVEN, replace(PROVEN, counting=counting)))
    look, said = proof_look(proof, NOW)
    assert (look.icon, look.tone, said) == ("clock", "accent", f"all 2 closed, counting by {due:%H:%M:%S} UTC")
    assert f"by {due:%H:%M:%S} UTC" in proof.paths[1].counting_words(NOW), "one moment, one form"
    look, said = proof_look(proof, due)
    assert (look.tone, said) == ("confirmed", "all 2 closed")

    hours = replace(counting, counts_at=None, settled_at=NOW + timedelta(days=1))
    look, said = proof_look(replace(proof, paths=(replace(PROVEN, counting=hours),)), due)
    assert (look.tone, said) == ("accent", "1 closed, counting in several hours")
    opened = replace(proof, paths=(*proof.paths, replace(PROVEN, state=PathProof.OPEN)))
    assert proof_look(opened, NOW)[0].tone == "danger"


def test_an_alarm_holds_until_a_later_reading_finds_all_closed() -> None:
    alarm = Alarm(at=NOW, text="It came back.", kind="re-granted")
    closed = Proof(at=NOW + timedelta(minutes=1), paths=(PROVEN,))
    opened = replace(closed, paths=(replace(PROVEN, state=PathProof.OPEN),))
    held = replace(REPORT, alarms=(alarm,), incident=Incident.OPEN)
    assert alarms(held) == ((alarm,), ())
    assert alarms(replace(held, proof=opened)) == ((alarm,), ())
    assert alarms(replace(held, proof=closed)) == ((), (alarm,))
    assert alarms(replace(held, proof=opened, incident=Incident.CLOSED)) == ((alarm,), ())


def test_done_is_not_said_of_what_is_open_again_or_not_known() -> None:
    closed = Proof(at=NOW, paths=(PROVEN,))
    held = replace(REPORT, outcome=Outcome.DONE, incident=Incident.OPEN, proof=closed)
    opened = replace(held, proof=replace(closed, paths=(PROVEN, replace(PROVEN, state=PathProof.OPEN))))
    unknown = replace(held, proof=replace(closed, paths=(PROVEN, replace(PROVEN, state=PathProof.UNKNOWN))))
    assert outcome(held).tone == "confirmed"
    assert (outcome(opened).word, outcome(opened).tone) == ("Open again", "danger")
    assert (outcome(unknown).word, outcome(unknown).tone) == ("Done, not proved", "unknown")
    assert outcome(replace(opened, answered_by="abc")).word == "Given back"


def test_what_opened_again_can_be_cut_again_until_it_is_given_back() -> None:
    plan = revoke.plan(RevokeDraft(key=estates.MYSQL_KEY.id, consumers=(estates.MYSQL.id,)), Index(estates.dcc()))
    alarm = Alarm(at=NOW, text="It came back.", kind="re-granted")
    opened = Proof(at=NOW, paths=(replace(PROVEN, state=PathProof.OPEN),))
    held = replace(REPORT, plan=plan, outcome=Outcome.DONE, incident=Incident.OPEN, proof=opened, alarms=(alarm,))
    assert again(held) == "grants"
    assert again(replace(held, answered_by="abc")) is None
    assert again(replace(held, alarms=())) is None
    unknown = replace(opened, paths=(replace(PROVEN, state=PathProof.UNKNOWN),))
    assert again(replace(held, proof=unknown)) is None


def test_the_red_button_counts_what_each_step_does() -> None:
    plan = revoke.plan(RevokeDraft(key=estates.MYSQL_KEY.id), Index(estates.dcc()))
    step = plan.steps[0]
    steps = (
        replace(step, verb=StepVerb.ACTIVATE_ROLE, target="a"),
        replace(step, verb=StepVerb.SET_ENABLED, target="b"),
        replace(step, verb=StepVerb.REMOVE_ASSIGNMENT, target="c"),
        replace(step, verb=StepVerb.SET_POLICY, target="d"),
        replace(step, verb=StepVerb.STOP_CONSUMER, target="e"),
    )
    words = button_words(replace(plan, steps=steps), complete=True)
    assert words.startswith("Disable 1 version, remove 2 grants and stop 1 service, cut ")


def test_another_way_is_offered_only_where_a_step_failed() -> None:
    plan = revoke.plan(RevokeDraft(key=estates.MYSQL_KEY.id, consumers=(estates.MYSQL.id,)), Index(estates.dcc()))
    step = StepReport(n=1, verb="x", target="t", words="Do it", state=StepState.FAILED, undo=None)
    failed = replace(REPORT, plan=plan, steps=(step,), outcome=Outcome.FAILED)
    other = alternative(failed)
    assert other is not None
    assert other[0] != plan.method
    assert alternative(replace(failed, steps=(replace(step, state=StepState.DONE),))) is None
    assert alternative(replace(failed, alive=True)) is None


def test_a_script_is_for_its_owner_alone_and_replaces_nothing_half_written(tmp_path: Path) -> None:
    plan = revoke.plan(RevokeDraft(key=estates.MYSQL_KEY.id), Index(estates.dcc()))
    info = ConnectionInfo(kind=ConnectionKind.SANDBOX, key="test", account=estates.dcc().account, folder=tmp_path)
    file = tmp_path / "revoke.sh"
    write_script(file, plan, info)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text().startswith("#!")
    assert [one.name for one in tmp_path.iterdir()] == ["revoke.sh"]
    with pytest.raises(OSError, match="missing"):
        write_script(tmp_path / "missing" / "revoke.sh", plan, info)
