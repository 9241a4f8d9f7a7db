"""The JSON that the command line prints and the journal keeps. Pure: dictionaries in, dictionaries out."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from cmk_admin.domain import mapping
from cmk_admin.domain.errors import BadInput, CmkError
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Consumer, Coverage, CoverageProblem, Key, KeyVersion, Vault
from cmk_admin.domain.plan import Effect, Method, PathState, Plan, PlannedPath, Watch
from cmk_admin.domain.steps import Json, Outcome, Step, StepState, StepVerb

JsonObject = dict[str, Json]


class StepLike(Protocol):
    """A step of an operation as it stands (operations.interface.StepReport)."""

    @property
    def n(self) -> int: ...
    @property
    def verb(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def words(self) -> str: ...
    @property
    def state(self) -> StepState: ...
    @property
    def undo(self) -> str | None: ...
    @property
    def error(self) -> str | None: ...


class WatchLike(Protocol):
    """A consumer that is or was followed (operations.interface.WatchReport)."""

    @property
    def consumer_id(self) -> str: ...
    @property
    def result(self) -> str: ...
    @property
    def seconds(self) -> float | None: ...
    @property
    def wall_seconds(self) -> float | None: ...
    @property
    def reason(self) -> str | None: ...


class OperationLike(Protocol):
    """An operation as it stands (operations.interface.OperationReport)."""

    @property
    def operation(self) -> str: ...
    @property
    def verb(self) -> str: ...
    @property
    def outcome(self) -> Outcome: ...
    @property
    def steps(self) -> Sequence[StepLike]: ...
    @property
    def open_paths(self) -> Sequence[PlannedPath]: ...
    @property
    def watch(self) -> Sequence[WatchLike]: ...


def error_json(error: CmkError) -> JsonObject:
    """``{"error": {...}}``; the candidates of a BadInput stand in it too."""
    said: JsonObject = {"code": error.code, "message": error.message, "subject": error.subject, "next": error.next}
    if isinstance(error, BadInput) and error.candidates:
        said["candidates"] = list(error.candidates)
    return {"error": said}


def coverage_json(coverage: Coverage) -> JsonObject:
    return {
        "complete": coverage.complete,
        "subscriptions": {"listed": coverage.subscriptions_listed, "read": coverage.subscriptions_read},
        "problems": [_problem_json(one) for one in coverage.problems],
    }


def mapping_json(index: Index, now: datetime | None = None) -> JsonObject:
    """Coverage, the time of reading and the rows."""
    return {
        "coverage": coverage_json(index.estate.coverage),
        "read_at": time_json(index.estate.read_at),
        "rows": [row_json(row) for row in mapping.rows(index, now)],
    }


def row_json(row: mapping.MappingRow) -> JsonObject:
    """One row of the mapping; what is not known is null."""
    return {
        "service": row.service,
        "consumer_id": row.consumer_id,
        "slot": row.slot,
        "vault": row.vault,
        "key_name": row.key_name,
        "key_id": row.key_id,
        "version": row.version,
        "identity": {
            "name": row.identity_name,
            "object_id": row.identity_object_id,
            "resource_id": row.identity_resource_id,
        },
        "role_assignment_scope": _list(row.role_assignment_scope),
        "key_type": row.key_type,
        "key_size": row.key_size,
        "key_options": _list(row.key_options),
        "state": row.state,
        "problems": list(row.problems),
    }


def estate_json(index: Index, now: datetime | None = None) -> JsonObject:
    """Coverage, read_at, vaults with their keys and versions, consumers: what `estate` prints."""
    at = now or index.estate.read_at
    return {
        "coverage": coverage_json(index.estate.coverage),
        "read_at": time_json(index.estate.read_at),
        "subscriptions": [{"id": one.id, "name": one.name} for one in index.estate.subscriptions],
        "vaults": [_vault_json(index, vault, at) for vault in index.estate.vaults],
        "consumers": [_consumer_json(index, consumer) for consumer in index.estate.consumers],
    }


def plan_to_json(plan: Plan) -> JsonObject:
    """Everything of a plan, and its hash: what `--plan` prints and what the journal keeps."""
    return {
        "hash": plan.hash,
        "verb": plan.verb,
        "title": plan.title,
        "subject": plan.subject,
        "method": plan.method,
        "steps": [{"n": n, **step_to_json(step)} for n, step in enumerate(plan.steps, 1)],
        "paths": [path_json(one) for one in plan.paths],
        "effects": [
            {
                "consumer_id": one.consumer_id,
                "consumer_name": one.consumer_name,
                "service": one.service,
                "stops": one.stops,
                "within_seconds": one.within_seconds,
                "lost": one.lost,
                "comes_back": one.comes_back,
                "source": one.source,
                "wanted": one.wanted,
            }
            for one in plan.effects
        ],
        "methods": [
            {
                "name": one.name,
                "title": one.title,
                "possible": one.possible,
                "reason": one.reason,
                "recommended": one.recommended,
            }
            for one in plan.methods
        ],
        "watches": [
            {
                "consumer_id": one.consumer_id,
                "service": one.service,
                "wanted": one.wanted,
                "within_seconds": one.within_seconds,
            }
            for one in plan.watches
        ],
        "warnings": list(plan.warnings),
        "problems": list(plan.problems),
        "answers": plan.answers,
        "context": [list(pair) for pair in plan.context],
    }


def path_json(path: PlannedPath) -> JsonObject:
    return {
        "via": path.via,
        "scope": path.scope,
        "principal": path.principal,
        "principal_name": path.principal_name,
        "state": path.state.value,
        "also_cuts": list(path.also_cuts),
        "reason": path.reason,
        "step": path.step,
    }


def path_from_json(data: Any) -> PlannedPath:
    """Raises BadInput ``bad-plan``."""
    try:
        return PlannedPath(
            via=_string(data["via"]),
            scope=_string(data["scope"]),
            principal=_string(data["principal"]),
            principal_name=_optional(data["principal_name"]),
            state=PathState(data["state"]),
            also_cuts=_strings(data["also_cuts"]),
            reason=_optional(data["reason"]),
            step=_integer(data["step"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _bad("path", error) from error


def step_to_json(step: Step) -> JsonObject:
    return {
        "verb": step.verb.value,
        "target": step.target,
        "words": step.words,
        "undo": step.undo_words,
        "before": _facts(step.before),
        "after": _facts(step.after),
        "effect_seconds": step.effect_seconds,
        "effect_source": step.effect_source,
        "request": step.request,
        "stage": step.stage,
    }


def step_from_json(data: Any) -> Step:
    """Raises BadInput ``bad-plan``."""
    try:
        return Step(
            verb=StepVerb(data["verb"]),
            target=_string(data["target"]),
            words=_string(data["words"]),
            undo_words=_optional(data["undo"]),
            before=_mapping(data["before"]),
            after=_mapping(data["after"]),
            effect_seconds=_integer(data["effect_seconds"]),
            effect_source=_optional(data["effect_source"]),
            request=_string(data["request"]),
            stage=_integer(data["stage"]) or 0,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _bad("step", error) from error


def plan_from_json(data: Any) -> Plan:
    """The plan again. Raises BadInput ``bad-plan`` for what `plan_to_json` did not write, or what was changed since."""
    try:
        plan = Plan(
            verb=_string(data["verb"]),
            title=_string(data["title"]),
            subject=_string(data["subject"]),
            steps=tuple(step_from_json(one) for one in data["steps"]),
            paths=tuple(path_from_json(one) for one in data["paths"]),
            effects=tuple(
                Effect(
                    consumer_id=_string(one["consumer_id"]),
                    consumer_name=_string(one["consumer_name"]),
                    service=_string(one["service"]),
                    stops=_string(one["stops"]),
                    within_seconds=_integer(one["within_seconds"]),
                    lost=_string(one["lost"]),
                    comes_back=_string(one["comes_back"]),
                    source=_optional(one["source"]),
                    wanted=bool(one["wanted"]),
                )
                for one in data["effects"]
            ),
            methods=tuple(
                Method(
                    name=_string(one["name"]),
                    title=_string(one["title"]),
                    possible=bool(one["possible"]),
                    reason=_optional(one["reason"]),
                    recommended=bool(one["recommended"]),
                )
                for one in data["methods"]
            ),
            method=_optional(data["method"]),
            watches=tuple(
                Watch(
                    consumer_id=_string(one["consumer_id"]),
                    service=_string(one["service"]),
                    wanted=_string(one["wanted"]),
                    within_seconds=_integer(one["within_seconds"]),
                )
                for one in data["watches"]
            ),
            warnings=_strings(data["warnings"]),
            problems=_strings(data["problems"]),
            answers=_optional(data["answers"]),
            context=tuple((_string(name), _string(value)) for name, value in data["context"]),
        )
        same = plan.hash == data["hash"]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _bad("plan", error) from error
    if not same:
        raise BadInput("bad-plan", "The plan's steps do not match its hash: it was changed after it was written.")
    return plan


def operation_json(report: OperationLike) -> JsonObject:
    """What `operations`, and a command that changes something, print about an operation."""
    return {
        "operation": report.operation,
        "verb": report.verb,
        "outcome": _outcome(report),
        "steps": [
            {
                "n": step.n,
                "verb": step.verb,
                "target": step.target,
                "words": step.words,
                "state": step.state.value,
                "undo": step.undo,
                "error": step.error,
            }
            for step in report.steps
        ],
        "open_paths": [path_json(one) for one in report.open_paths],
        "watch": [
            {
                "consumer_id": one.consumer_id,
                "result": str(one.result),
                "seconds": one.seconds,
                "wall_seconds": one.wall_seconds,
                "reason": one.reason,
            }
            for one in report.watch
        ],
    }


def boundary_json(operation: str, step: int, of: int, event: str) -> JsonObject:
    """One line on standard error."""
    return {"operation": operation, "step": step, "of": of, "event": event}


def time_json(when: datetime | None) -> str | None:
    """RFC 3339 in UTC."""
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z") if when else None


def _outcome(report: OperationLike) -> str:
    """One of the words that outside callers know: what has begun and not ended is partly done, or only planned."""
    if report.outcome is not Outcome.RUNNING:
        return report.outcome.value
    begun = any(step.state not in (StepState.PLANNED, StepState.INTENT) for step in report.steps)
    return Outcome.PARTIAL.value if begun else Outcome.PLANNED.value


def _problem_json(problem: CoverageProblem) -> JsonObject:
    return {"scope": problem.scope, "kind": problem.kind.value, "message": problem.message}


def _vault_json(index: Index, vault: Vault, now: datetime) -> JsonObject:
    return {
        "id": vault.id,
        "name": vault.name,
        "host": vault.host,
        "location": vault.location,
        "subscription_id": vault.subscription_id,
        "premium": vault.premium,
        "rbac": vault.rbac,
        "soft_delete_days": vault.soft_delete_days,
        "purge_protection": vault.purge_protection,
        "keys_from": vault.keys_from.value,
        "problem": _problem_json(vault.problem) if vault.problem else None,
        "tags": dict(vault.tags),
        "keys": [_key_json(index, key, now) for key in index.keys_of(vault.id)],
    }


def _key_json(index: Index, key: Key, now: datetime) -> JsonObject:
    return {
        "key_id": str(key.id),
        "name": key.id.name,
        "current_version": key.current_version,
        "key_type": key.key_type,
        "key_size": key.size,
        "curve": key.curve,
        "key_options": _list(key.operations),
        "state": mapping.key_state(key, now),
        "created": time_json(key.created),
        "updated": time_json(key.updated),
        "not_before": time_json(key.not_before),
        "expires": time_json(key.expires),
        "recovery_level": key.recovery_level,
        "exportable": key.exportable,
        "source": key.source.value,
        "tags": dict(key.tags),
        "versions": None if key.versions is None else [_version_json(one) for one in key.versions],
        "consumers": list(dict.fromkeys(use.consumer.id for use in index.uses_of_key(key.id))),
    }


def _version_json(version: KeyVersion) -> JsonObject:
    return {
        "version": version.id.version,
        "enabled": version.enabled,
        "created": time_json(version.created),
        "not_before": time_json(version.not_before),
        "expires": time_json(version.expires),
    }


def _consumer_json(index: Index, consumer: Consumer) -> JsonObject:
    return {
        "id": consumer.id,
        "service": consumer.service,
        "name": consumer.name,
        "location": consumer.location,
        "subscription_id": consumer.subscription_id,
        "state": consumer.state,
        "holder_id": consumer.holder_id,
        "hosts": list(consumer.hosts),
        "tags": dict(consumer.tags),
        "slots": [
            {
                "slot": slot.slot,
                "key_id": str(slot.key_id),
                "identity": {
                    "name": slot.identity_name,
                    "object_id": slot.principal_id,
                    "resource_id": slot.identity_resource_id,
                },
            }
            for slot in index.slots_of(consumer)
        ],
    }


def _list(found: Sequence[str] | None) -> Json:
    return None if found is None else list(found)


def _facts(found: Mapping[str, Json] | None) -> Json:
    return None if found is None else dict(found)


def _bad(what: str, error: Exception) -> BadInput:
    return BadInput("bad-plan", f"This is not a {what} that CMK Admin wrote ({type(error).__name__}: {error}).")


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text was expected, not {value!r:.40}")
    return value


def _optional(value: Any) -> str | None:
    return None if value is None else _string(value)


def _integer(value: Any) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise TypeError(f"a number was expected, not {value!r:.40}")


def _strings(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(f"a list was expected, not {value!r:.40}")
    return tuple(_string(one) for one in value)


def _mapping(value: Any) -> dict[str, Json] | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise TypeError(f"an object was expected, not {value!r:.40}")
    return dict(value)
