"""A plan as an az script: whole, in order, and safe whatever Azure's names are."""

import shlex
import subprocess
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmk_admin.domain.plan import Gate, Plan
from cmk_admin.domain.script import script
from cmk_admin.domain.script_commands import command, plain
from cmk_admin.domain.steps import Json, Step, StepVerb

VAULT = (
    "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/payroll"
)
SERVER = VAULT.replace("Microsoft.KeyVault/vaults/payroll", "Microsoft.DBforMySQL/flexibleServers/payroll-db")
KEY = "https://payroll.vault.azure.net/keys/payroll-cmk"
VERSION = f"{KEY}/0123456789abcdef0123456789abcdef"
ASSIGNMENT = f"{VAULT}/providers/Microsoft.Authorization/roleAssignments/22222222-2222-2222-2222-222222222222"
GRANT: dict[str, Json] = {
    "scope": VAULT,
    "role_definition_id": "/providers/Microsoft.Authorization/roleDefinitions/e147488a-f6f5-4113-8e2d-b22465e65bf6",
    "principal_id": "33333333-3333-3333-3333-333333333333",
    "principal_type": "ServicePrincipal",
    "condition": None,
    "condition_version": None,
    "description": "It's the payroll's",
    "delegated_identity": None,
}
POLICY: dict[str, Json] = {"tenant_id": "44444444-4444-4444-4444-444444444444", "keys": ["get"], "secrets": ["list"]}


def step(verb: StepVerb, target: str, before: Json = None, after: Json = None, **more: object) -> Step:
    made = Step(verb=verb, target=target, words="Do it", undo_words="Take it back", before=None, after=None)
    return replace(made, before=before, after=after, **more)  # type: ignore[arg-type]


STEPS = {
    "az rest --method delete": step(StepVerb.REMOVE_ASSIGNMENT, ASSIGNMENT, GRANT, None),
    "unless_there": step(StepVerb.CREATE_ASSIGNMENT, ASSIGNMENT, None, GRANT),
    "accessPolicies/remove": step(StepVerb.SET_POLICY, f"{VAULT}|{GRANT['principal_id']}", POLICY, None),
    "accessPolicies/add": step(StepVerb.SET_POLICY, f"{VAULT}|{GRANT['principal_id']}", None, POLICY),
    "--enabled false": step(StepVerb.SET_ENABLED, VERSION, {"enabled": True}, {"enabled": False}),
    "--ops wrapKey verify": step(StepVerb.SET_OPERATIONS, VERSION, {}, {"operations": ["wrapKey", "verify"]}),
    "--bypass None --default-action Deny": step(
        StepVerb.SET_NETWORK, VAULT, {}, {"bypass": "None", "default_action": "Deny"}
    ),
    "key delete": step(StepVerb.DELETE_KEY, KEY, {}, None),
    "key recover": step(StepVerb.RECOVER_KEY, KEY, None, {}),
    "rotation-policy update": step(StepVerb.SET_ROTATION, KEY, {}, {"lifetime_actions": [], "expiry_time": None}),
    "patiently revalidate_flexible": step(StepVerb.REVALIDATE, SERVER, {}, {"service": "mysql-flexible"}),
    "patiently revalidate_single": step(StepVerb.REVALIDATE, SERVER, {}, {"service": "mysql-single"}),
    "patiently node_machines start": step(StepVerb.START_NODES, SERVER, {}, {"service": "aks-disks"}),
    "patiently set_machines start": step(StepVerb.START_NODES, SERVER, {}, {"service": "disk-encryption-set"}),
    "flexible-server stop": step(StepVerb.STOP_CONSUMER, SERVER, {}, {"service": "mysql-flexible", "running": False}),
    "flexible-server start": step(StepVerb.START_CONSUMER, SERVER, {}, {"service": "mysql-flexible", "running": True}),
    "AdminRemove": step(StepVerb.REMOVE_ELIGIBILITY, VAULT, GRANT, None),
    "AdminAssign": step(StepVerb.CREATE_ELIGIBILITY, VAULT, None, GRANT),
}


def plan(*steps: Step, **more: object) -> Plan:
    return replace(Plan(verb="revoke", title="Cut it off", subject=KEY, steps=steps), **more)  # type: ignore[arg-type]


def calls(text: str) -> list[list[str]]:
    """The calls of steps, as bash splits them."""
    return [
        shlex.split(line) for line in text.splitlines() if line.startswith("step ") and not line.startswith("step()")
    ]


def is_bash(text: str) -> bool:
    return subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("expected", STEPS)
def test_each_step_of_a_revoke_or_a_restore_has_its_command(expected: str) -> None:
    text = script(plan(STEPS[expected]))
    assert expected in " ".join(calls(text)[0])
    assert is_bash(text)


@pytest.mark.parametrize("expected", STEPS)
def test_every_function_that_a_command_calls_is_in_the_script(expected: str) -> None:
    text = script(plan(STEPS[expected]))
    for name in command(STEPS[expected]).needs:
        assert text.count(f"\n{name}() {{") == 1


def test_what_az_cannot_do_is_said_and_fails() -> None:
    text = script(plan(step(StepVerb.CREATE_KEY, KEY, None, {})))
    (words,) = calls(text)
    ran = subprocess.run(words[3:], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "az has no command for “Do it”" in ran.stderr


def test_steps_stand_in_the_order_of_their_stages_and_keep_their_numbers() -> None:
    later, first = replace(STEPS["--enabled false"], stage=1), STEPS["az rest --method delete"]
    assert [words[1] for words in calls(script(plan(later, first)))] == ["2", "1"]


def test_a_staged_script_waits_for_a_person_before_the_rest() -> None:
    gate = Gate(stage=1, consumer_id=SERVER, service="mysql-flexible")
    text = script(plan(STEPS["az rest --method delete"], replace(STEPS["--enabled false"], stage=1), gates=(gate,)))
    waits, second = text.index("when payroll-db has lost its data"), text.index("\nstep 2 ")
    assert text.index("\nstep 1 ") < waits < second
    assert is_bash(text)


def test_another_tenant_or_cloud_ends_the_script_before_its_first_step() -> None:
    text = script(plan(STEPS["--enabled false"]), cloud="public", tenant="44444444-4444-4444-4444-444444444444")
    assert text.index("= AzureCloud ]") < text.index("exit 2") < text.index("\nstep 1 ")
    assert is_bash(text)


@given(st.text(max_size=60), st.text(max_size=60).filter(lambda text: "\x00" not in text))
def test_no_name_from_azure_can_become_a_command(words: str, target: str) -> None:
    hostile = replace(STEPS["--enabled false"], words=words, undo_words=target, target=target)
    text = script(plan(hostile, title=words, why=words))
    begin, end = text.index("\nstep 1 ") + 1, text.index('\nif [ "$failed"')
    expected = [
        "step",
        "1",
        plain(words),
        "az",
        "keyvault",
        "key",
        "set-attributes",
        "--id",
        target,
        "--enabled",
        "false",
    ]
    assert shlex.split(text[begin:end]) == expected
    before = text[:begin].splitlines()
    assert [line for line in before if line.startswith("# 1. ")] == [f"# 1. {plain(words)}."]


@given(st.text(max_size=40))
def test_what_stands_in_a_comment_stays_on_its_line(text: str) -> None:
    assert plain(text).isprintable()
    assert len(plain(text).splitlines()) <= 1
