"""The JSON: the shapes that outside callers rely on, and plans that come back as they were."""

import hashlib
import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmk_admin.domain import wire
from cmk_admin.domain.errors import BadInput, CmkError
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.domain.verbs import restore, revoke
from cmk_admin.domain.verbs.restore import RestoreDraft
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.interface import OperationReport, StepReport, WatchReport, WatchResult
from tests.domain import estates
from tests.domain.estates import AKS, AKS_KEY, MYSQL, MYSQL_KEY

INDEX = estates.index()
CUT = revoke.plan(RevokeDraft(key=MYSQL_KEY.id, consumers=(MYSQL.id,)), INDEX)
PLANS = [
    CUT,
    revoke.plan(RevokeDraft(key=MYSQL_KEY.id), INDEX),
    revoke.plan(
        RevokeDraft(key=AKS_KEY.id, consumers=(AKS.id, "/nowhere")), estates.index(estates.incomplete(estates.dcc()))
    ),
    restore.plan(RestoreDraft(operation="op", plan=CUT, states=(StepState.UNKNOWN,)), INDEX),
]
ROW = {
    "service", "consumer_id", "slot", "vault", "key_name", "key_id", "version", "identity", "role_assignment_scope",
    "key_type", "key_size", "key_options", "state", "problems",
}  # fmt: skip


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.title)
def test_a_plan_comes_back_as_it_was(plan: Plan) -> None:
    text = json.dumps(wire.plan_to_json(plan))
    assert wire.plan_from_json(json.loads(text)) == plan


def test_a_plan_has_the_shape_that_callers_rely_on() -> None:
    found = wire.plan_to_json(CUT)
    assert {"hash", "verb", "steps", "paths", "effects", "methods"} <= found.keys()
    assert {"via", "scope", "principal", "state", "also_cuts"} <= found["paths"][0].keys()  # type: ignore[index,union-attr]
    assert {"consumer_id", "stops", "within_seconds", "lost", "comes_back"} <= found["effects"][0].keys()  # type: ignore[index,union-attr]
    assert {"name", "possible", "reason", "recommended"} <= found["methods"][0].keys()  # type: ignore[index,union-attr]


def test_a_plan_that_was_changed_after_it_was_written_is_refused() -> None:
    data = wire.plan_to_json(CUT)
    data["steps"][0]["target"] = "/another"  # type: ignore[index,call-overload]
    with pytest.raises(BadInput, match="changed"):
        wire.plan_from_json(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*wire.plan_to_json(CUT)]), inner),
    max_leaves=10,
)


@settings(deadline=None)
@given(JSON)
def test_what_is_no_plan_is_bad_input(data: object) -> None:
    with pytest.raises(BadInput):
        wire.plan_from_json(data)


@settings(deadline=None)
@given(st.sampled_from(sorted(wire.plan_to_json(CUT))), JSON)
def test_a_plan_with_a_part_of_another_kind_is_bad_input_or_still_a_plan(name: str, value: object) -> None:
    with suppress(BadInput):
        assert isinstance(wire.plan_from_json({**wire.plan_to_json(CUT), name: value}), Plan)


def test_the_mapping_has_the_shape_that_callers_rely_on() -> None:
    found = wire.mapping_json(INDEX)
    assert {"coverage", "read_at", "rows"} == found.keys()
    rows = found["rows"]
    assert isinstance(rows, list)
    assert all(set(row) == ROW for row in rows if isinstance(row, dict))
    assert found["read_at"] == "2026-03-01T12:00:00Z"
    assert found["coverage"] == {"complete": True, "subscriptions": {"listed": 1, "read": 1}, "problems": []}


def test_the_estate_tells_vaults_keys_and_consumers() -> None:
    found = json.loads(json.dumps(wire.estate_json(INDEX)))
    assert [vault["name"] for vault in found["vaults"]] == ["dcc-premium", "dcc-standard"]
    key = found["vaults"][0]["keys"][0]
    assert (key["name"], key["key_type"], len(key["versions"])) == ("mysql-encryption-key", "RSA-HSM", 2)
    assert len(found["consumers"]) == 4


def test_an_error_is_a_sentence_with_a_code_and_the_candidates() -> None:
    assert wire.error_json(CmkError("code", "It went wrong.", subject="x", next="Do this.")) == {
        "error": {"code": "code", "message": "It went wrong.", "subject": "x", "next": "Do this."}
    }
    told = wire.error_json(BadInput("code", "Which?", candidates=("a", "b")))
    assert told["error"]["candidates"] == ["a", "b"]  # type: ignore[index,call-overload]


def report(outcome: Outcome, state: StepState) -> OperationReport:
    step = StepReport(n=1, verb="v", target="t", words="Do it", state=state, undo=None)
    watch = WatchReport(
        consumer_id="c", consumer_name="c", service="s", wanted="lost", result=WatchResult.CONFIRMED, before="Ready",
        now="Inaccessible", seconds=432.0, wall_seconds=7.2, within_seconds=1200,
    )  # fmt: skip
    return OperationReport(
        operation="op", verb="revoke", title="t", subject="s", outcome=outcome, steps=(step,), watch=(watch,)
    )


@pytest.mark.parametrize(
    ("outcome", "state", "expected"),
    [
        (Outcome.DONE, StepState.DONE, "done"),
        (Outcome.REFUSED, StepState.PLANNED, "refused"),
        (Outcome.RUNNING, StepState.INTENT, "planned"),
        (Outcome.RUNNING, StepState.DONE, "partial"),
    ],
)
def test_an_operation_that_has_not_ended_is_planned_or_partly_done(
    outcome: Outcome, state: StepState, expected: str
) -> None:
    assert wire.operation_json(report(outcome, state))["outcome"] == expected


def test_an_operation_has_the_shape_that_callers_rely_on() -> None:
    found = wire.operation_json(report(Outcome.DONE, StepState.DONE))
    assert set(found) >= {"operation", "verb", "outcome", "steps", "open_paths", "watch"}
    assert found["watch"] == [
        {"consumer_id": "c", "result": "confirmed", "seconds": 432.0, "wall_seconds": 7.2, "reason": None}
    ]
    step = {"n": 1, "verb": "v", "target": "t", "words": "Do it", "state": "done", "undo": None, "error": None}
    assert found["steps"] == [step | {"activity": None}]


@pytest.mark.parametrize("state", [StepState.SENT, StepState.DONE])
def test_who_is_still_waited_for_is_not_confirmed(state: StepState) -> None:
    whole = report(Outcome.RUNNING, state)
    waiting = replace(whole.watch[0], result=WatchResult.WAITING, seconds=None, wall_seconds=None)
    told: Any = wire.operation_json(replace(whole, watch=(waiting,)))["watch"]
    assert told[0]["result"] == "not_confirmed"
    assert told[0]["reason"]


def test_the_hash_tells_what_would_be_done_and_who_is_cut_and_nothing_else() -> None:
    assert replace(CUT, warnings=("x",), title="y").hash == CUT.hash
    assert replace(CUT, steps=()).hash != CUT.hash
    came = replace(CUT.effects[0], consumer_id=f"{CUT.effects[0].consumer_id}-2", wanted=False)
    assert replace(CUT, effects=(*CUT.effects, came)).hash != CUT.hash


def test_a_plan_that_was_written_before_who_is_cut_counted_is_still_read() -> None:
    steps = [[s.verb, s.target, s.before, s.after, s.stage] for s in CUT.steps]
    text = json.dumps([CUT.verb, CUT.subject, steps], sort_keys=True, default=dict, separators=(",", ":"))
    written = {**wire.plan_to_json(CUT), "hash": hashlib.sha256(text.encode()).hexdigest()}
    assert wire.plan_from_json(json.loads(json.dumps(written))) == CUT


def in_another_stage(plan: Plan) -> Plan:
    return replace(plan, steps=(replace(plan.steps[0], stage=plan.steps[0].stage + 1), *plan.steps[1:]))


def test_the_order_of_the_steps_counts_and_a_stage_altered_in_the_journal_is_found() -> None:
    assert in_another_stage(CUT).hash != CUT.hash
    altered = {**wire.plan_to_json(in_another_stage(CUT)), "hash": CUT.hash}
    with pytest.raises(BadInput, match="changed after it was written"):
        wire.plan_from_json(altered)


def test_a_plan_that_was_written_before_stages_counted_is_still_read() -> None:
    facts = [CUT.verb, CUT.subject, [[s.verb, s.target, s.before, s.after] for s in CUT.steps]]
    text = json.dumps(facts, sort_keys=True, default=dict, separators=(",", ":"))
    written = {**wire.plan_to_json(CUT), "hash": hashlib.sha256(text.encode()).hexdigest()}
    assert wire.plan_from_json(json.loads(json.dumps(written))) == CUT
    steps: Any = written["steps"]
    steps[0]["target"] += "x"
    with pytest.raises(BadInput, match="changed after it was written"):
        wire.plan_from_json(written)
