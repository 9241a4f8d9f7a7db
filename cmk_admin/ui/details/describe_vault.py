"""The page of a vault, and the keys in it as a table."""

from collections.abc import Iterable
from datetime import datetime

from cmk_admin.domain import findings, words
from cmk_admin.domain.ids import fold
from cmk_admin.domain.index import Index
from cmk_admin.domain.mapping import key_state
from cmk_admin.domain.model import Key, Source, Vault
from cmk_admin.ui.details import parts
from cmk_admin.ui.details.page import Cell, Chip, Fact, Grid, GridRow, Line, Page, Section


def vault_page(index: Index, vault_id: str, now: datetime) -> Page | None:
    """A vault; one that is only named by consumers is given as ``https://HOST``."""
    vault = index.vault(vault_id)
    if vault is None:
        host = vault_id.removeprefix("https://")
        return _unseen_vault(index, host) if host in index.unseen_hosts else None
    keys = index.keys_of(vault.id)
    uses = index.uses_of_host(vault.host)
    found = findings.of_vault(index, vault)
    complete = index.estate.coverage.complete
    chips = [
        Chip(text="Premium, HSM keys" if vault.premium else "Standard, software keys"),
        Chip(text="roles (RBAC)" if vault.rbac else "access policies"),
    ]
    if vault.problem is not None:
        chips.append(parts.state_chip(vault.problem.kind.value))
    return Page(
        id=f"vault:{vault.host}",
        kind="Vault",
        icon="vault",
        title=vault.name,
        where=f"in {parts.group_of(vault.id)}, {parts.subscription_words(index, vault.id)}",
        chips=tuple(chips),
        sections=(
            parts.uses_section(index, uses, "a key of this vault"),
            _keys_section(vault, keys),
            parts.wrong_section(found, complete=complete),
        ),
        facts=_vault_facts(index, vault),
        grids=(
            keys_grid(index, keys, now, vault),
            parts.consumers_grid(index, uses, "a key of this vault"),
            parts.findings_grid(found, complete=complete),
        ),
    )


def _keys_section(vault: Vault, keys: tuple[Key, ...]) -> Section:
    if vault.problem is not None:
        line = Line(
            text=f"Keys {words.failure(vault.problem.kind)}",
            secondary=vault.problem.message,
            icon="unreachable" if vault.problem.kind.value == "unreachable" else "forbidden",
            tone="unknown",
        )
        summary = f"{words.count(len(keys), 'key')} read through Resource Manager" if keys else "Not known"
        return Section(name="keys", title="Keys", summary=summary, lines=(line,), icon="key", tone="unknown")
    if vault.keys_from is Source.UNREAD:
        return Section(name="keys", title="Keys", summary="Not read yet.", icon="key", tone="unknown")
    hsm = sum(1 for key in keys if (key.key_type or "").upper().endswith("-HSM"))
    off = sum(1 for key in keys if key.enabled is False)
    summary = words.count(len(keys), "key") if keys else "No keys."
    if keys:
        summary += f", {hsm} in an HSM"
    if off:
        summary += f", {off} disabled"
    return Section(
        name="keys", title="Keys", summary=summary, icon="key", more="keys" if keys else "", more_text="Show them"
    )


def _vault_facts(index: Index, vault: Vault) -> tuple[Fact, ...]:
    days = words.count(vault.soft_delete_days, "day") if vault.soft_delete_days is not None else "not known"
    if vault.public_access:
        network = "only chosen networks" if vault.default_deny else "open to all networks"
    else:
        network = "private endpoints only"
    bypass = "may pass the firewall" if vault.trusted_bypass else "may not pass the firewall"
    locks = index.locks_over(vault.id)
    return (
        parts.id_fact("Host", vault.host),
        parts.id_fact("Resource id", vault.id),
        Fact(label="Location", value=vault.location),
        Fact(label="Subscription", value=parts.subscription_words(index, vault.id), exact=vault.subscription_id),
        Fact(label="Deleted keys are kept", value=days),
        Fact(label="Purge protection", value="on" if vault.purge_protection else "off"),
        Fact(label="Network", value=network),
        Fact(label="Trusted Microsoft services", value=bypass),
        Fact(label="Private endpoints", value=_endpoints(vault)),
        Fact(
            label="Locks",
            value=", ".join(f"{lock.level} on {words.scope(index, lock.scope)}" for lock in locks)
            or "none that was read",
        ),
        parts.tags_fact(vault.tags),
    )


def _endpoints(vault: Vault) -> str:
    if vault.private_endpoints is None:
        return "not known"
    said = [f"{one.name} ({(one.status or 'state not known').lower()})" for one in vault.private_endpoints]
    return ", ".join(said) or "none"


def keys_grid(index: Index, keys: Iterable[Key], now: datetime, vault: Vault | None = None) -> Grid:
    """A row for each of the keys; `vault` tells why there may be none."""
    rows = []
    for key in sorted(keys, key=lambda one: one.id.name.lower()):
        state = key_state(key, now)
        tone, icon = parts.STATE_LOOKS.get(state, ("secondary", None))
        rows.append(
            GridRow(
                cells=(
                    Cell(text=key.id.name, tip=str(key.id), icon="key"),
                    Cell(text=words.key_type(key)),
                    Cell(text=words.state(state), icon=icon, tone=tone if tone != "secondary" else "text"),
                    Cell(text=str(len({fold(use.consumer.id) for use in index.uses_of_key(key.id)}))),
                    Cell(text=words.expiry(key.expires, now), tip=words.exact(key.expires) if key.expires else ""),
                ),
                target=str(key.id),
            )
        )
    empty = "No keys."
    if vault is not None and vault.problem is not None:
        empty = vault.problem.message
    elif vault is not None and vault.keys_from is Source.UNREAD:
        empty = "The keys were not read yet."
    return Grid(
        name="keys",
        title=f"Keys ({len(rows)})" if rows else "Keys",
        columns=("Key", "Type", "State", "Services", "Expiry"),
        rows=tuple(rows),
        empty=empty,
    )


def _unseen_vault(index: Index, host: str) -> Page:
    uses = index.uses_of_host(host)
    return Page(
        id=f"vault:{host}",
        kind="Vault",
        icon="unknown",
        title=host.split(".", 1)[0],
        where="not visible to this account",
        chips=(parts.state_chip("not-visible"),),
        sections=(
            parts.uses_section(index, uses, "a key of this vault"),
            Section(
                name="wrong",
                title="What is wrong",
                summary="Nothing about this vault could be read.",
                lines=(
                    Line(
                        text="Not visible",
                        secondary=words.problem_help("not-visible"),
                        icon="unknown",
                        tone="unknown",
                    ),
                ),
                icon="warning",
                tone="unknown",
            ),
        ),
        facts=(parts.id_fact("Host", host),),
        grids=(parts.consumers_grid(index, uses, "a key of this vault"),),
    )
