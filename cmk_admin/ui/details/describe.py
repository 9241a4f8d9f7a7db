"""Describes a key, vault, consumer, identity, service or subscription of an estate as a page."""

from datetime import datetime

from cmk_admin.domain import access, findings, mapping, words
from cmk_admin.domain.ids import KeyId, fold
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Key, Source
from cmk_admin.domain.regrants import regrants
from cmk_admin.ui.details import parts
from cmk_admin.ui.details.describe_others import consumer_page, group_page, identity_page
from cmk_admin.ui.details.describe_vault import vault_page
from cmk_admin.ui.details.page import Cell, Chip, Fact, Grid, GridRow, Line, Page, Section
from cmk_admin.ui.selection import Selection

EXPIRES_SOON_DAYS = 30


def describe(index: Index, selection: Selection, now: datetime) -> Page | None:
    """The page of what is selected; None where it is not in the estate any more."""
    if selection.kind in ("key", "version") and selection.key is not None:
        return key_page(index, selection.key, now)
    if selection.kind == "vault" and selection.vault_id is not None:
        return vault_page(index, selection.vault_id, now)
    if selection.kind == "consumer" and selection.consumer_id is not None:
        return consumer_page(index, selection.consumer_id, now, selection.service)
    if selection.kind == "identity" and selection.principal_id is not None:
        return identity_page(index, selection.principal_id)
    if selection.kind == "subscription" and selection.subscription_id is not None:
        return group_page(index, selection, now)
    if selection.kind == "service":
        return group_page(index, selection, now)
    return None


def key_page(index: Index, key_id: KeyId, now: datetime) -> Page:
    """A key; one that only a consumer names and that could not be read has the same page with less in it."""
    key_id = key_id.key
    key = index.key(key_id)
    vault = index.vault_of(key_id)
    uses = index.uses_of_key(key_id)
    holders = access.holders(index, key_id)
    again = regrants(index, key_id)
    found = findings.of_key(index, key_id, now)
    complete = index.estate.coverage.complete
    state = mapping.key_state(key, now) if key else mapping.state_of(index, key_id, now)
    chips = [Chip(text=words.key_type(key) if key else "type not known"), parts.state_chip(state)]
    if key is not None and key.source is Source.ARM:
        chips.append(
            Chip(
                text="read through Resource Manager",
                tone="unknown",
                icon="unreachable",
                tip="The vault's own endpoint could not be reached, so versions and some attributes may be missing.",
            )
        )
    where = (
        f"in {vault.name}, {parts.subscription_words(index, vault.id)}" if vault else f"in {key_id.host}, not visible"
    )
    users = frozenset((use.slot.principal_id or "").lower() for use in uses)
    grids = [
        parts.access_grid(index, holders, again, users),
        parts.consumers_grid(index, uses, "this key"),
        _versions_grid(index, key, now),
        parts.findings_grid(found, complete=complete),
    ]
    return Page(
        id=f"key:{key_id.folded}",
        kind="Key",
        icon="key-off" if state == "disabled" else "key",
        title=key_id.name,
        where=where,
        chips=tuple(chips),
        sections=(
            parts.uses_section(index, uses, "this key"),
            parts.access_section(index, holders, again),
            parts.wrong_section(found, complete=complete),
            _end_section(key, now),
        ),
        facts=_key_facts(index, key_id, key),
        grids=tuple(grids),
    )


def _end_section(key: Key | None, now: datetime) -> Section:
    """When it ends: expiry, start, and what deleting it would mean."""
    if key is None:
        return Section(
            name="end",
            title="When it ends",
            summary="Not known: the key was not read.",
            icon="calendar",
            tone="unknown",
        )
    summary = words.expiry(key.expires, now)
    lines = []
    soon = key.expires is not None and (key.expires - now).days < EXPIRES_SOON_DAYS
    if key.not_before is not None and key.not_before > now:
        lines.append(
            Line(
                text=f"Not valid before {words.date(key.not_before)}",
                tip=words.exact(key.not_before),
                icon="calendar",
                tone="caution",
            )
        )
    if key.recovery_level is not None:
        lines.append(
            Line(
                text="If it is deleted",
                secondary=words.recovery_level(key.recovery_level),
                icon="restore",
                tip=key.recovery_level,
            )
        )
    return Section(
        name="end",
        title="When it ends",
        summary=summary[:1].upper() + summary[1:],
        lines=tuple(lines),
        icon="calendar",
        tone="caution" if soon else "secondary",
    )


def _key_facts(index: Index, key_id: KeyId, key: Key | None) -> tuple[Fact, ...]:
    facts = [parts.id_fact("Key id", str(key_id))]
    if key is None:
        return tuple(facts)
    current = f"{key_id}/{key.current_version}" if key.current_version else None
    exportable = {True: "yes", False: "no", None: "not known"}[key.exportable]
    facts += [
        parts.id_fact("Current version", current),
        Fact(label="Type and size", value=words.key_type(key)),
        Fact(
            label="Operations",
            value="not known" if key.operations is None else ", ".join(key.operations) or "none",
        ),
        Fact(label="Protection", value=words.hsm_platform(key)),
        Fact(label="Exportable", value=exportable),
        Fact(label="Created", value=words.date(key.created), exact=words.exact(key.created)),
        Fact(label="Updated", value=words.date(key.updated), exact=words.exact(key.updated)),
        Fact(label="Not before", value=_date(key.not_before), exact=_exact(key.not_before)),
        Fact(label="Expires", value=_date(key.expires), exact=_exact(key.expires)),
        Fact(label="Recovery", value=words.recovery_level(key.recovery_level), exact=key.recovery_level or ""),
        parts.tags_fact(key.tags),
        Fact(label="Read", value=f"from the {key.source.value}"),
    ]
    return tuple(facts)


def _date(when: datetime | None) -> str:
    return words.date(when) if when else "not set"


def _exact(when: datetime | None) -> str:
    return words.exact(when) if when else ""


def _versions_grid(index: Index, key: Key | None, now: datetime) -> Grid:
    if key is None or key.versions is None:
        return Grid(
            name="versions",
            title="Versions",
            columns=("Version",),
            empty="The list of versions was not read. F5 reads this key again." if key else "The key was not read.",
        )
    uses = index.uses_of_key(key.id)
    newest = (key.current_version or "").lower()
    rows = []
    for version in key.versions:
        name = (version.id.version or "").lower()
        state = mapping.version_state(version, now)
        tone, icon = parts.STATE_LOOKS.get(state, ("secondary", None))
        named = [use.consumer.name for use in uses if (use.slot.key_id.version or newest).lower() == name]
        rows.append(
            GridRow(
                cells=(
                    Cell(text=version.id.version or "", tip=str(version.id), icon="version", tone="text"),
                    Cell(text=words.state(state), icon=icon, tone=tone if tone != "secondary" else "text"),
                    Cell(text="current" if name == newest else ""),
                    Cell(text=words.date(version.created), tip=words.exact(version.created)),
                    Cell(text=_date(version.expires), tip=_exact(version.expires)),
                    Cell(text=", ".join(dict.fromkeys(named)) or "no known use", tip="\n".join(dict.fromkeys(named))),
                )
            )
        )
    return Grid(
        name="versions",
        title=f"Versions ({len(rows)})",
        columns=("Version", "State", "Current", "Created", "Expires", "Used by"),
        rows=tuple(rows),
        empty="This key has no version.",
    )


def same_thing(one: Selection, other: Selection) -> bool:
    """True where two selections show the same page."""

    def facts(selection: Selection) -> tuple[object, ...]:
        return (
            selection.kind,
            selection.key,
            fold(selection.vault_id or ""),
            fold(selection.consumer_id or ""),
            selection.principal_id,
            selection.service,
        )

    return facts(one) == facts(other)
