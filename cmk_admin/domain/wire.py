"""The JSON that the command line prints and the journal keeps. Pure: dictionaries in, dictionaries out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from cmk_admin.domain import mapping
from cmk_admin.domain.errors import BadInput, CmkError
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Consumer, Coverage, CoverageProblem, Key, KeyVersion, Vault
from cmk_admin.domain.plan import PlannedPath
from cmk_admin.domain.steps import Json, Outcome, StepState
from cmk_admin.domain.wire_estate import access_json, subscription_json, time_json, vault_access_json
from cmk_admin.domain.wire_plan import (
    JsonObject,
    path_from_json,
    path_json,
    plan_from_json,
    plan_to_json,
    step_from_json,
    step_to_json,
)

__all__ = [
    "JsonObject",
    "OperationLike",
    "StepLike",
    "WatchLike",
    "boundary_json",
    "coverage_json",
    "error_json",
    "estate_json",
    "mapping_json",
    "operation_json",
    "path_from_json",
    "path_json",
    "plan_from_json",
    "plan_to_json",
    "row_json",
    "step_from_json",
    "step_to_json",
    "time_json",
]


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
    @property
    def activity(self) -> str | None: ...


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
    """Coverage, read_at, vaults with their keys and versions, consumers, who may do what: what `estate` prints."""
    at = now or index.estate.read_at
    return {
        "coverage": coverage_json(index.estate.coverage),
        "read_at": time_json(index.estate.read_at),
        "subscriptions": [subscription_json(one) for one in index.estate.subscriptions],
        "vaults": [_vault_json(index, vault, at) for vault in index.estate.vaults],
        "consumers": [_consumer_json(index, consumer) for consumer in index.estate.consumers],
        **access_json(index.estate),
    }


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
                "activity": step.activity,
            }
            for step in report.steps
        ],
        "open_paths": [path_json(one) for one in report.open_paths],
        "watch": [_watch_json(one) for one in report.watch],
    }


def boundary_json(operation: str, step: int, of: int, event: str) -> JsonObject:
    """One line on standard error."""
    return {"operation": operation, "step": step, "of": of, "event": event}


def _outcome(report: OperationLike) -> str:
    """One of the words that outside callers know: what has begun and not ended is partly done, or only planned."""
    if report.outcome is not Outcome.RUNNING:
        return report.outcome.value
    begun = any(step.state not in (StepState.PLANNED, StepState.INTENT) for step in report.steps)
    return Outcome.PARTIAL.value if begun else Outcome.PLANNED.value


def _watch_json(watch: WatchLike) -> JsonObject:
    """A consumer that is still waited for, or whose watching was broken off, is not confirmed as yet."""
    waiting = watch.result == "waiting"
    return {
        "consumer_id": watch.consumer_id,
        "result": "not_confirmed" if waiting else str(watch.result),
        "seconds": watch.seconds,
        "wall_seconds": watch.wall_seconds,
        "reason": watch.reason or ("its answer was not waited for to the end" if waiting else None),
    }


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
        **vault_access_json(vault),
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
        "enabled": key.enabled,
        "created": time_json(key.created),
        "updated": time_json(key.updated),
        "not_before": time_json(key.not_before),
        "expires": time_json(key.expires),
        "recovery_level": key.recovery_level,
        "exportable": key.exportable,
        "managed": key.managed,
        "thumbprint": key.thumbprint,
        "source": key.source.value,
        "tags": dict(key.tags),
        "versions": None if key.versions is None else [_version_json(one) for one in key.versions],
        "consumers": list(dict.fromkeys(use.consumer.id for use in index.uses_of_key(key.id))),
    }


def _version_json(version: KeyVersion) -> JsonObject:
    return {
        "version": version.id.version,
        "enabled": version.enabled,
        "key_options": _list(version.operations),
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
        "carries": _list(consumer.carries),
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
