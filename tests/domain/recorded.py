"""A record as a revoke of one grant leaves it: one write, one measured effect, one proof, one alarm, nothing closed yet."""

from datetime import UTC, datetime
from typing import Any

from cmk_admin.domain.record import BEFORE_FIRST, FORMAT, Entry, Kind, Record, seal

_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_WHEN = _AT.isoformat()
_KEY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/dcc-premium/keys/mysql-encryption-key"
_MYSQL = "/subscriptions/s/resourceGroups/g/providers/Microsoft.DBforMySQL/flexibleServers/dcc-mysql"
_WHO = {"account": "administrator", "object_id": "admin-id", "tenant": "tenant-id"}
_PATH = {
    "via": "role Key Vault Crypto User",
    "scope": _KEY,
    "principal": "mysql-id",
    "principal_name": "dcc-mysql-id",
    "state": "will_close",
    "kind": "use",
    "condition": None,
    "reason": None,
}
_SIGNAL = {"consumer": _MYSQL, "service": "mysql-flexible", "before": "Ready", "reason": None}
_STEP = {"n": 1, "changed_at": _WHEN, "attempt": 1, "error": None, "note": None, "activity": None, "address": None}
_IDS = {"request_id": "request-1", "correlation_id": "correlation-1", "azure_date": "Fri, 02 Jan 2026 03:04:05 GMT"}
_NO_IDS = dict.fromkeys(_IDS)
_PLAN = {
    "title": "Cut dcc-mysql off mysql-encryption-key",
    "method": "grants",
    "steps": [
        {
            "n": 1,
            "words": "Remove role Key Vault Crypto User of dcc-mysql-id",
            "request": f"DELETE {_KEY}/providers/Microsoft.Authorization/roleAssignments/a",
            "before": {"principal_id": "mysql-id"},
            "after": None,
        }
    ],
    "paths": [_PATH],
    "regrants": [],
    "not_restored": ["Azure writes anew who made a role assignment and when."],
    "effects": [
        {
            "consumer_name": "dcc-mysql",
            "service": "mysql-flexible",
            "lost": "Nothing, as long as the key can be given back",
            "comes_back": "Give the key back",
        }
    ],
}
_TOLD: list[tuple[Kind, dict[str, Any]]] = [
    (
        Kind.RECORD,
        {
            "format": FORMAT,
            "version": 1,
            "operation": "0123456789ab",
            "connection": {"kind": "sandbox", "cloud": "public", "key": "k"},
            "program": "1.0",
            "written_afterwards": False,
        },
    ),
    (
        Kind.PLANNED,
        {
            "who": _WHO,
            "created_at": _WHEN,
            "verb": "revoke",
            "reason": 'leaked <b>token</b> <img src="http://169.254.0.1/x.png">',
            "ticket": "T-1",
            "plan_hash": "p",
            "plan": _PLAN,
        },
    ),
    (Kind.INCIDENT_OPENED, {"at": _WHEN, "again": False}),
    (Kind.SIGNAL, {**_SIGNAL, "now": "Ready", "result": "waiting", "seconds": None, "wall_seconds": None}),
    (Kind.STEP, {**_STEP, **_NO_IDS, "state": "sent"}),
    (Kind.STEP, {**_STEP, **_IDS, "state": "done"}),
    (Kind.PATHS, {"open": []}),
    (
        Kind.PROOF,
        {
            "at": _WHEN,
            "paths": [{"path": _PATH, "state": "closed", "since": _WHEN, "reason": None, "known": "closed"}],
        },
    ),
    (Kind.WATCH, {**_SIGNAL, "now": "Inaccessible", "result": "confirmed", "seconds": 345.2, "wall_seconds": 5.8}),
    (Kind.ACTIVITY, {**_STEP, **_IDS, "state": "done", "activity": "The log has it: Succeeded."}),
    (Kind.OUTCOME, {"outcome": "done", "sentence": "Done: 1 of 1 changes made.", "ended_at": _WHEN}),
    (Kind.ALARM, {"at": _WHEN, "alarm": "new-version", "text": "A new version of the key was made."}),
]


def a_revoke(*more: tuple[Kind, dict[str, Any]]) -> Record:
    """The record, with these entries after it."""
    entries: list[Entry] = []
    for kind, facts in (*_TOLD, *more):
        previous = entries[-1].hash if entries else BEFORE_FIRST
        entries.append(seal(len(entries) + 1, _AT, kind, facts, previous))
    return Record(operation="0123456789ab", entries=tuple(entries))
