"""Each method is proven in its own terms, opened again past the program it raises its alarm, and given back it is as before."""

import asyncio
from collections.abc import Callable

import pytest
from azure.keyvault.keys import KeyClient, KeyRotationLifetimeAction, KeyRotationPolicyAction

from cmk_admin.domain.steps import Outcome, StepVerb
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.interface import PathProof
from tests.journeys.clients import MYSQL_KEY, Clients
from tests.operations.stories import Azure, consumer

_NAME = "mysql-encryption-key"


def _operations(keys: KeyClient) -> None:
    keys.update_key_properties(_NAME, key_operations=["wrapKey", "unwrapKey"])


def _recovered(keys: KeyClient) -> None:
    keys.begin_recover_deleted_key(_NAME).wait()


@pytest.mark.parametrize(
    ("method", "reopen", "kind"),
    [("operations", _operations, "enabled-again"), ("delete", _recovered, "recovered"), ("firewall", None, "")],
)
def test_a_method_is_proven_closed_alarms_where_it_is_opened_and_is_given_back(
    azure: Azure, method: str, reopen: Callable[[KeyClient], None] | None, kind: str
) -> None:
    mysql = Clients(azure.sandbox, "dcc-mysql-id")
    wrapped = mysql.wrap()

    async def story() -> None:
        async with azure.opened() as backend:
            one = consumer(await backend.read(), "dcc-mysql")
            plan = await backend.prepare_revoke(RevokeDraft(key=one.slots[0].key_id.key, method=method))
            assert not plan.problems, plan.problems
            cut = await backend.run(plan, watch=False)
            assert cut.outcome is Outcome.DONE, cut.log
            assert cut.proof is not None
            assert cut.proof.closed, cut.proof
            assert "the key itself" in {one.path.via for one in cut.proof.paths}
            if reopen is not None:
                await asyncio.to_thread(reopen, Clients(azure.sandbox).keys())
                proven = await backend.prove(cut.operation)
                assert proven.proof is not None
                assert PathProof.OPEN in {one.state for one in proven.proof.paths}
                assert [alarm.kind for alarm in proven.alarms] == [kind]
            restore = await backend.prepare_restore(cut.operation)
            assert bool(restore.findings) is (reopen is not None)
            back = await backend.run(restore, watch=False)
            assert back.outcome is Outcome.DONE, back.log

    asyncio.run(story())
    mysql.await_unwraps(wrapped, wanted=True, key_id=MYSQL_KEY)


def test_a_service_that_was_stopped_is_started_after_its_key_is_back_and_rotation_begins_at_last(azure: Azure) -> None:
    keys = Clients(azure.sandbox).keys()
    policy = keys.get_key_rotation_policy(_NAME)
    policy.lifetime_actions = [KeyRotationLifetimeAction(KeyRotationPolicyAction.rotate, time_after_create="P90D")]
    keys.update_key_rotation_policy(_NAME, policy)

    async def story() -> None:
        async with azure.opened() as backend:
            one = consumer(await backend.read(), "dcc-mysql")
            draft = RevokeDraft(
                key=one.slots[0].key_id.key, consumers=(one.id,), choices=(f"stop:{one.id}", "suspend-rotation")
            )
            plan = await backend.prepare_revoke(draft)
            verbs = {step.verb for step in plan.steps}
            assert {StepVerb.STOP_CONSUMER, StepVerb.SET_ROTATION} <= verbs, (plan.choices, plan.problems)
            cut = await backend.run(plan, watch=False)
            assert cut.outcome is Outcome.DONE, cut.log
            restore = await backend.prepare_restore(cut.operation)
            order = [step.verb for step in restore.steps]
            assert order.index(StepVerb.START_CONSUMER) > order.index(StepVerb.CREATE_ASSIGNMENT)
            assert order[-1] is StepVerb.SET_ROTATION
            assert len({step.stage for step in restore.steps}) >= 3
            back = await backend.run(restore, watch=False)
            assert back.outcome is Outcome.DONE, back.log

    asyncio.run(story())
    assert Clients(azure.sandbox).server_state() == "Ready"
    assert keys.get_key_rotation_policy(_NAME).lifetime_actions[0].action == KeyRotationPolicyAction.rotate
