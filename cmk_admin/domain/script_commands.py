"""What az is asked for each step of a script, as words; `script` quotes and frames them."""

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from cmk_admin.domain.ids import last, parse_key_id
from cmk_admin.domain.steps import Json, Step, StepVerb
from cmk_admin.domain.verbs.changes import parse_policy_target

VAULTS, AUTHORIZATION, PIM = "2023-07-01", "2022-04-01", "2020-10-01"
"""api-versions of what is asked by ``az rest``; older than the program's own, so that an older az takes them too."""

quoted = shlex.quote
"""A value as one word of the shell."""


def plain(text: str) -> str:
    """Text without what would end a line or hide a character: what Azure names stands in comments and questions."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


@dataclass(frozen=True, slots=True)
class Command:
    """What one step asks."""

    words: tuple[str, ...]
    needs: tuple[str, ...] = ()
    """Names of `script_functions.FUNCTIONS` that it calls, in the order of their definition."""


_Facts = Mapping[str, Json]


def command(step: Step) -> Command:
    """How az does a step. For a verb that az has no way to do, a command that says so and fails."""
    make = _COMMANDS.get(step.verb)
    if make is None:
        said = f"az has no command for “{plain(step.words)}”: do it in the portal or with CMK Admin"
        return Command(("bash", "-c", 'printf "%s\\n" "$0" >&2; exit 1', said))
    return make(step)


def _remove_assignment(step: Step) -> Command:
    return _az("rest", "--method", "delete", "--url", f"{step.target}?api-version={AUTHORIZATION}")


def _create_assignment(step: Step) -> Command:
    # PUT under its own name: “az role assignment create” leaves some of the properties out
    facts = step.after or {}
    wire = {
        "roleDefinitionId": facts.get("role_definition_id"),
        "principalId": facts.get("principal_id"),
        "principalType": facts.get("principal_type"),
        "condition": facts.get("condition"),
        "conditionVersion": facts.get("condition_version"),
        "description": facts.get("description"),
        "delegatedManagedIdentityResourceId": facts.get("delegated_identity"),
    }
    body = {"properties": {name: value for name, value in wire.items() if value is not None}}
    put = _rest("put", step.target, AUTHORIZATION, body)
    return Command(("unless_there", step.target, AUTHORIZATION, *put.words), ("unless_there",))


def _set_policy(step: Step) -> Command:
    vault_id, object_id, application_id = parse_policy_target(step.target)
    facts = step.after or step.before or {}
    entry: dict[str, object] = {
        "tenantId": facts.get("tenant_id"),
        "objectId": object_id,
        "permissions": {name: facts.get(name) or [] for name in ("keys", "secrets", "certificates", "storage")},
    }
    if application_id:
        entry["applicationId"] = application_id
    kind = "remove" if step.after is None else "add" if step.before is None else "replace"
    return _rest("put", f"{vault_id}/accessPolicies/{kind}", VAULTS, {"properties": {"accessPolicies": [entry]}})


def _set_enabled(step: Step) -> Command:
    enabled = "true" if (step.after or {}).get("enabled") else "false"
    return _az("keyvault", "key", "set-attributes", "--id", step.target, "--enabled", enabled)


def _set_operations(step: Step) -> Command:
    operations = (step.after or {}).get("operations")
    names = [str(one) for one in operations] if isinstance(operations, list) else []
    return _az("keyvault", "key", "set-attributes", "--id", step.target, "--ops", *names)


def _set_rotation(step: Step) -> Command:
    facts = step.after or {}
    policy = {
        "lifetimeActions": facts.get("lifetime_actions") or [],
        "attributes": {"expiryTime": facts.get("expiry_time")},
    }
    key = parse_key_id(step.target)
    named = ("--vault-name", key.vault_name, "--name", key.name)
    return _az("keyvault", "key", "rotation-policy", "update", *named, "--value", _json(policy))


def _delete_key(step: Step) -> Command:
    return _az("keyvault", "key", "delete", "--id", str(parse_key_id(step.target).key))


def _recover_key(step: Step) -> Command:
    key = parse_key_id(step.target)
    return _az("keyvault", "key", "recover", "--vault-name", key.vault_name, "--name", key.name)


def _set_network(step: Step) -> Command:
    facts = step.after or {}
    words = ["keyvault", "update", "--name", last(step.target)]
    words += ["--subscription", step.target.split("/")[2], "--resource-group", step.target.split("/")[4]]
    words += ["--bypass", str(facts.get("bypass"))] if facts.get("bypass") else []
    words += ["--default-action", str(facts.get("default_action"))] if facts.get("default_action") else []
    return _az(*words)


def _revalidate(step: Step) -> Command:
    single = (step.after or {}).get("service") == "mysql-single"
    function = "revalidate_single" if single else "revalidate_flexible"
    return Command(("patiently", function, step.target), ("patiently", function))


def _start_nodes(step: Step) -> Command:
    function = _machines(step)
    return Command(("patiently", function, "start", step.target), ("patiently", function))


def _stop_consumer(step: Step) -> Command:
    if _service(step) == "mysql-flexible":
        return _az("mysql", "flexible-server", "stop", "--ids", step.target)
    return Command((_machines(step), "deallocate", step.target), (_machines(step),))


def _start_consumer(step: Step) -> Command:
    if _service(step) == "mysql-flexible":
        start = _az("mysql", "flexible-server", "start", "--ids", step.target)
        return Command(("patiently", *start.words), ("patiently",))
    return _start_nodes(step)


def _remove_eligibility(step: Step) -> Command:
    return _eligibility(step, step.before or {}, "AdminRemove")


def _create_eligibility(step: Step) -> Command:
    return _eligibility(step, step.after or {}, "AdminAssign")


def _eligibility(step: Step, facts: _Facts, kind: str) -> Command:
    scope = str(facts.get("scope") or "").rstrip("/")
    name = uuid5(NAMESPACE_URL, f"{kind} {step.target} {_json(facts)}")
    body: dict[str, Json] = {
        "principalId": facts.get("principal_id"),
        "roleDefinitionId": facts.get("role_definition_id"),
        "requestType": kind,
        "justification": plain(step.words),
    }
    if kind == "AdminAssign":
        ends = facts.get("ends")
        expiration: dict[str, Json] = (
            {"type": "AfterDateTime", "endDateTime": ends} if ends else {"type": "NoExpiration"}
        )
        body["scheduleInfo"] = {"expiration": expiration}
    path = f"{scope}/providers/Microsoft.Authorization/roleEligibilityScheduleRequests/{name}"
    return _rest("put", path, PIM, {"properties": body})


def _machines(step: Step) -> str:
    return "set_machines" if _service(step) == "disk-encryption-set" else "node_machines"


def _service(step: Step) -> str:
    return str((step.after or {}).get("service"))


def _az(*words: str) -> Command:
    return Command(("az", *words))


def _rest(method: str, path: str, version: str, body: object) -> Command:
    return _az("rest", "--method", method, "--url", f"{path}?api-version={version}", "--body", _json(body))


def _json(value: object) -> str:
    return json.dumps(value, default=dict, ensure_ascii=False)


_COMMANDS: Mapping[StepVerb, Callable[[Step], Command]] = {
    StepVerb.REMOVE_ASSIGNMENT: _remove_assignment,
    StepVerb.CREATE_ASSIGNMENT: _create_assignment,
    StepVerb.SET_POLICY: _set_policy,
    StepVerb.SET_ENABLED: _set_enabled,
    StepVerb.SET_OPERATIONS: _set_operations,
    StepVerb.SET_ROTATION: _set_rotation,
    StepVerb.SET_NETWORK: _set_network,
    StepVerb.DELETE_KEY: _delete_key,
    StepVerb.RECOVER_KEY: _recover_key,
    StepVerb.REVALIDATE: _revalidate,
    StepVerb.START_NODES: _start_nodes,
    StepVerb.STOP_CONSUMER: _stop_consumer,
    StepVerb.START_CONSUMER: _start_consumer,
    StepVerb.REMOVE_ELIGIBILITY: _remove_eligibility,
    StepVerb.CREATE_ELIGIBILITY: _create_eligibility,
}
"""The verbs of revoke and restore; what only wizards do (making keys, attaching) has no script."""
