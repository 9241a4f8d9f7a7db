"""The estate on the command line: tables for people, and CSV with one row per key."""

from collections import defaultdict
from datetime import datetime

from cmk_admin.cli.table import UNKNOWN, table
from cmk_admin.domain import words
from cmk_admin.domain.ids import fold
from cmk_admin.domain.model import Consumer, Coverage, Estate, Key, Source, Vault

CSV_HEAD = (
    "vault", "vault_id", "subscription", "key_name", "key_id", "key_type", "key_size", "key_options", "enabled",
    "not_before", "expires", "current_version", "recovery_level", "consumers", "read_from",
)  # fmt: skip


def estate_text(estate: Estate) -> str:
    """Vaults with their keys, then consumers, then what could not be read."""
    users = _users(estate)
    keys: defaultdict[str, list[Key]] = defaultdict(list)
    for key in estate.keys:
        keys[fold(key.vault_id)].append(key)
    rows: list[list[str | None]] = []
    for vault in estate.vaults:
        for key in keys[fold(vault.id)]:
            consumers = ", ".join(c.name for c in users[key.id.folded]) or "–"
            expires = words.expiry(key.expires, estate.read_at) if key.enabled is not None else None
            rows.append(
                [vault.name, key.id.name, words.key_type(key), _state(key), expires, consumers, key.source.value]
            )
        if not keys[fold(vault.id)]:
            rows.append([vault.name, _no_keys(vault), "", "", "", "", vault.keys_from.value])
    services: list[list[str | None]] = [
        [c.name, c.service, c.state, ", ".join(f"{s.key_id.vault_name}/{s.key_id.name}" for s in c.slots)]
        for c in estate.consumers
    ]
    return "\n\n".join(
        [
            table(
                ("Vault", "Key", "Type", "State", "Expires", "Used by", "Read from"),
                rows,
                empty=_none("vaults", estate),
            ),
            table(("Consumer", "Service", "State", "Keys"), services, empty=_none("consumers", estate)),
            coverage_text(estate.coverage),
        ]
    )


def estate_rows(estate: Estate) -> tuple[tuple[str, ...], ...]:
    """The CSV's cells, one row per key. What is not known says so; an empty cell means that there is nothing."""
    vaults = {fold(v.id): v for v in estate.vaults}
    names = {s.id: s.name for s in estate.subscriptions}
    users = _users(estate)
    rows = []
    for key in estate.keys:
        vault = vaults[fold(key.vault_id)]
        cells = (
            vault.name, vault.id, names.get(vault.subscription_id, vault.subscription_id), key.id.name, str(key.id),
            key.key_type, key.size, None if key.operations is None else "; ".join(key.operations),
            None if key.enabled is None else str(key.enabled).lower(), _time(key.not_before, key), _time(key.expires, key),
            key.current_version, key.recovery_level, "; ".join(c.id for c in users[key.id.folded]), key.source.value,
        )  # fmt: skip
        rows.append(tuple(UNKNOWN if c is None else str(c) for c in cells))
    return tuple(rows)


def coverage_text(coverage: Coverage) -> str:
    """What was read and what was not: a summary and a line for each problem."""
    lines = [words.coverage(coverage)]
    lines += [f"  {p.kind.value.replace('_', ' ')}: {p.scope}: {p.message}" for p in coverage.problems]
    return "\n".join(lines)


def _users(estate: Estate) -> defaultdict[str, list[Consumer]]:
    found: defaultdict[str, list[Consumer]] = defaultdict(list)
    for consumer in estate.consumers:
        for key in dict.fromkeys(s.key_id.key.folded for s in consumer.slots):
            found[key].append(consumer)
    return found


def _no_keys(vault: Vault) -> str:
    if vault.problem is not None:
        return f"({vault.problem.kind.value.replace('_', ' ')})"
    return "(not read)" if vault.keys_from is Source.UNREAD else "(no keys)"


def _none(what: str, estate: Estate) -> str:
    """“None” is said only where all was read."""
    if estate.coverage.complete:
        return f"This account can list no {what}."
    return f"No {what} were found, but not everything could be read."


def _state(key: Key) -> str | None:
    return None if key.enabled is None else "enabled" if key.enabled else "disabled"


def _time(moment: datetime | None, key: Key) -> str | None:
    """No time is "nothing" only for a key whose attributes were read."""
    if moment is None:
        return None if key.enabled is None else ""
    return moment.isoformat().replace("+00:00", "Z")
