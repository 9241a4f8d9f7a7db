"""The mapping on the command line: who uses which key, as a table for people and as CSV."""

from collections.abc import Sequence

from cmk_admin.cli.table import UNKNOWN, table
from cmk_admin.domain import words
from cmk_admin.domain.ids import last
from cmk_admin.domain.index import Index
from cmk_admin.domain.mapping import MappingRow

CSV_HEAD = (
    "service", "consumer_id", "slot", "vault", "key_name", "key_id", "version", "identity", "identity_object_id",
    "identity_resource_id", "role_assignment_scope", "key_type", "key_size", "key_options", "state", "problems",
)  # fmt: skip

_HEAD = ("Service", "Consumer", "Key", "Type", "Options", "Identity", "Granted at", "State", "Problems")


def mapping_text(rows: Sequence[MappingRow], index: Index) -> str:
    """One line per consumer and key slot."""
    if index.estate.coverage.complete:
        empty = "No service that this account can list uses a key."
    else:
        empty = "No use of a key was found, but not everything could be read."
    return table(_HEAD, [_line(row, index) for row in rows], empty=empty)


def mapping_rows(rows: Sequence[MappingRow]) -> tuple[tuple[str, ...], ...]:
    """The CSV's cells; lists are joined with semicolons. What is not known says so; an empty cell means none."""
    return tuple(tuple(UNKNOWN if c is None else str(c) for c in _cells(row)) for row in rows)


def _line(row: MappingRow, index: Index) -> list[str | None]:
    consumer = last(row.consumer_id)
    scopes = row.role_assignment_scope
    return [
        row.service,
        consumer if row.slot == "primary" else f"{consumer} ({row.slot})",
        None if row.vault is None else f"{row.vault}/{row.key_name}",
        None if row.key_type is None else f"{row.key_type} {row.key_size or ''}".rstrip(),
        _joined(row.key_options, ", "),
        row.identity_name or row.identity_object_id,
        None if scopes is None else ", ".join(_scope(s, index) for s in scopes) or "nowhere",
        words.state(row.state),
        ", ".join(row.problems) or "–",
    ]


def _cells(row: MappingRow) -> tuple[str | int | None, ...]:
    return (
        row.service, row.consumer_id, row.slot, row.vault, row.key_name, row.key_id, row.version or "", row.identity_name,
        row.identity_object_id, row.identity_resource_id, _joined(row.role_assignment_scope), row.key_type,
        row.key_size, _joined(row.key_options), row.state, _joined(row.problems),
    )  # fmt: skip


def _joined(values: Sequence[str] | None, by: str = "; ") -> str | None:
    return None if values is None else by.join(values)


def _scope(scope: str, index: Index) -> str:
    if scope.startswith("access-policy:"):
        return f"access policy of {last(scope)}"
    return words.scope(index, scope)
