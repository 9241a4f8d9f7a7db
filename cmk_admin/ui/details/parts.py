"""Answers that several pages give alike: who uses, who can, what is wrong."""

from collections.abc import Iterable

from cmk_admin.domain import words
from cmk_admin.domain.access import AccessPath, PathKind
from cmk_admin.domain.findings import Finding, has_lost_key
from cmk_admin.domain.ids import fold, last, subscription_of
from cmk_admin.domain.index import Index, Use
from cmk_admin.domain.model import Consumer
from cmk_admin.domain.services import service
from cmk_admin.ui.details.page import Cell, Chip, Fact, Grid, GridRow, Line, Section
from cmk_admin.ui.theme.colors import Tone
from cmk_admin.ui.tree.look import service_icon

SHOWN = 6
"""Lines of a section; the rest is on the tab."""

STATE_LOOKS: dict[str, tuple[Tone, str | None]] = {
    "enabled": ("secondary", None),
    "disabled": ("danger", "key-off"),
    "expired": ("caution", "calendar"),
    "not-yet-valid": ("caution", "calendar"),
    "deleted": ("danger", "broken"),
    "unknown": ("unknown", "unknown"),
    "not-visible": ("unknown", "unknown"),
    "unread": ("unknown", "unknown"),
    "forbidden": ("unknown", "forbidden"),
    "unreachable": ("unknown", "unreachable"),
    "throttled": ("unknown", "clock"),
    "failed": ("unknown", "broken"),
}


def state_chip(state: str) -> Chip:
    """A key's, version's or vault's state."""
    tone, icon = STATE_LOOKS.get(state, ("secondary", None))
    return Chip(text=words.state(state), tone=tone, icon=icon)


def consumer_look(consumer: Consumer) -> tuple[str, Tone, str | None]:
    """A consumer's state in words, its tone and icon. Azure's own word stays as it is."""
    if consumer.state is None:
        return "state not known", "unknown", "unknown"
    if has_lost_key(consumer):
        return consumer.state, "danger", "broken"
    return consumer.state, "secondary", None


def none_words(index: Index, what: str) -> str:
    """``No service uses it.``, and only where all was read."""
    coverage = index.estate.coverage
    if coverage.complete:
        return f"No {what}."
    if not coverage.finished:
        return f"No {what} was read so far; answers still arrive."
    return f"No {what} among what could be read. Not all could: see the coverage at the top."


def uses_section(index: Index, uses: tuple[Use, ...], subject: str) -> Section:
    """What uses it; a cluster stands under its disk encryption set."""
    lines = []
    for use in _ordered(uses):
        consumer, slot = use
        state, tone, icon = consumer_look(consumer)
        holder = index.holder_of(consumer)
        under = holder is not None and any(fold(other.consumer.id) == fold(holder.id) for other in uses)
        who = index.name_of(slot.principal_id) if slot.principal_id else None
        secondary = [service(consumer.service).title]
        if slot.slot != "primary":
            secondary.append(slot.slot)
        if under:
            secondary.append(f"by way of {holder.name}" if holder else "")
        else:
            secondary.append(f"as {who or 'an identity that is not known'}")
        if tone != "secondary":
            secondary.append(state)
        lines.append(
            Line(
                text=consumer.name,
                secondary=" · ".join(filter(None, secondary)),
                icon=icon or service_icon(consumer.service),
                tone=tone if tone != "secondary" else "text",
                tip=consumer.id,
                target=consumer.id,
                indent=1 if under else 0,
            )
        )
    number = len({fold(use.consumer.id) for use in uses})
    summary = f"{words.count(number, 'service')}" if uses else none_words(index, f"service uses {subject}")
    more = len(lines) - SHOWN
    return Section(
        name="used",
        title="What uses it",
        summary=summary,
        lines=tuple(lines[:SHOWN]),
        icon="service",
        tone="secondary" if uses or index.estate.coverage.complete else "unknown",
        more="consumers" if more > 0 else "",
        more_text=f"{words.count(more, 'more service', 'more services')}" if more > 0 else "",
    )


def wrong_section(found: tuple[Finding, ...], *, complete: bool) -> Section:
    """What is wrong."""
    lines = tuple(
        Line(
            text=one.title[:1].upper() + one.title[1:],
            secondary=(f"{one.subject} · " if one.consumer_id else "") + one.help,
            icon=finding_look(one)[0],
            tone=finding_look(one)[1],
            target=one.consumer_id or "",
            wrap=True,
        )
        for one in found
    )
    if found:
        summary = words.count(len(found), "finding")
    else:
        summary = "Nothing among what is checked." if complete else "Nothing found, but not all could be read."
    more = len(lines) - SHOWN
    return Section(
        name="wrong",
        title="What is wrong",
        summary=summary,
        lines=lines[:SHOWN],
        icon="warning",
        tone="secondary",
        more="findings" if more > 0 else "",
        more_text=f"{words.count(more, 'more finding', 'more findings')}" if more > 0 else "",
    )


def finding_look(one: Finding) -> tuple[str, Tone]:
    """Icon and tone of a finding."""
    if one.broken:
        return "broken", "danger"
    return ("unknown", "unknown") if one.doubt else ("warning", "caution")


def findings_grid(found: tuple[Finding, ...], *, complete: bool) -> Grid:
    return Grid(
        name="findings",
        title=f"Findings ({len(found)})" if found else "Findings",
        columns=("Finding", "Where", "What it means"),
        rows=tuple(
            GridRow(
                cells=(
                    Cell(
                        text=one.title[:1].upper() + one.title[1:], icon=finding_look(one)[0], tone=finding_look(one)[1]
                    ),
                    Cell(text=one.subject, tip=one.consumer_id or one.key_id or ""),
                    Cell(text=one.help, tip=one.help),
                ),
                target=one.consumer_id or one.key_id or "",
            )
            for one in found
        ),
        empty="Nothing among what is checked is wrong here."
        if complete
        else "Nothing wrong was found here, but not all could be read.",
    )


def consumers_grid(index: Index, uses: tuple[Use, ...], subject: str) -> Grid:
    rows = []
    for consumer, slot in _ordered(uses):
        state, tone, icon = consumer_look(consumer)
        principal = slot.principal_id or ""
        identity = words.who(index, principal) if principal else slot.identity_name or "not known"
        subscription = index.subscription(consumer.subscription_id)
        version = slot.key_id.version
        rows.append(
            GridRow(
                cells=(
                    Cell(text=consumer.name, tip=consumer.id, icon=service_icon(consumer.service)),
                    Cell(text=service(consumer.service).title),
                    Cell(text=slot.slot),
                    Cell(text=state, icon=icon, tone=tone if tone != "secondary" else "text"),
                    Cell(text=identity, tip=slot.identity_resource_id or principal),
                    Cell(text=words.shortened(version, 13) if version else "newest", tip=str(slot.key_id)),
                    Cell(text=subscription.name if subscription else consumer.subscription_id),
                ),
                target=consumer.id,
            )
        )
    return Grid(
        name="consumers",
        title=f"Consumers ({len(rows)})" if rows else "Consumers",
        columns=("Service", "Kind", "Slot", "State", "Identity", "Version", "Subscription"),
        rows=tuple(rows),
        empty=none_words(index, f"service uses {subject}"),
    )


def access_section(index: Index, found: tuple[AccessPath, ...], again: tuple[AccessPath, ...]) -> Section:
    """Who can use it, in a few lines: people and identities with their paths."""
    by_who: dict[str, list[AccessPath]] = {}
    for path in found:
        by_who.setdefault(path.principal_id.lower(), []).append(path)
    lines = []
    for paths in by_who.values():
        first = paths[0]
        doubt = all(one.unknown for one in paths)
        more = f", and {words.count(len(paths) - 1, 'more path')}" if len(paths) > 1 else ""
        lines.append(
            Line(
                text=words.who(index, first.principal_id) if first.principal_id else "Not known",
                secondary=(f"{first.unknown}" if doubt else words.path(index, first)) + more,
                icon="unknown" if doubt else principal_icon(index, first.principal_id),
                tone="unknown" if doubt else "text",
                tip=first.principal_id,
            )
        )
    known = sum(1 for paths in by_who.values() if not all(one.unknown for one in paths))
    unknown = sum(1 for one in found if one.unknown)
    summary = words.count(known, "identity or person", "identities and people")
    if not known:
        summary = none_words(index, "grant gets at data that this key wraps").rstrip(".")
    if unknown:
        summary += f"; {words.count(unknown, 'path is', 'paths are')} not known"
    if again:
        who = len({one.principal_id.lower() for one in again if not one.unknown})
        summary += f"; {who} could grant it again"
    left = len(lines) - SHOWN
    return Section(
        name="access",
        title="Who can use it",
        summary=summary,
        lines=tuple(lines[:SHOWN]),
        icon="identity",
        tone="unknown" if unknown else "secondary",
        more="access" if lines or again else "",
        more_text=f"{left} more, by every path" if left > 0 else "Every path",
    )


def access_grid(
    index: Index, found: tuple[AccessPath, ...], again: tuple[AccessPath, ...], users: frozenset[str]
) -> Grid:
    """One row for each path; `users` are the object ids as which services use the key."""
    rows = [_access_row(index, one, users, again=False) for one in found]
    rows += [_access_row(index, one, users, again=True) for one in again]
    return Grid(
        name="access",
        title=f"Access ({len(found)})" if found else "Access",
        columns=("Who", "By which path", "Allows", "Granted", "Remarks"),
        rows=tuple(rows),
        empty=none_words(index, "grant gets at data that this key wraps"),
    )


def _access_row(index: Index, one: AccessPath, users: frozenset[str], *, again: bool) -> GridRow:
    who = words.who(index, one.principal_id) if one.principal_id else "not known"
    granted, exact = "", ""
    if one.assignment is not None:
        if one.assignment.created_on:
            granted, exact = words.date(one.assignment.created_on), words.exact(one.assignment.created_on)
        if one.assignment.created_by:
            granted += f" by {words.who(index, one.assignment.created_by)}"
    remarks = []
    if one.unknown:
        remarks.append(one.unknown)
    elif not again and one.principal_id.lower() not in users and index.identity(one.principal_id):
        remarks.append("no service that was read uses it")
    if one.condition:
        remarks.append(f"only under a condition: {one.condition}")
    if not again and one.above_vault:
        remarks.append("reaches beyond the vault")
    allows = "can grant it again" if again else ", ".join(one.allows)
    icon = "unknown" if one.unknown else principal_icon(index, one.principal_id)
    tone: Tone = "unknown" if one.unknown else "text"
    remark = "; ".join(remarks)
    return GridRow(
        cells=(
            Cell(text=who, tip=one.principal_id, icon=icon, tone=tone),
            Cell(text=words.path(index, one), tip=one.scope),
            Cell(text=allows or "not known", begins=True),
            Cell(text=granted or "not known", tip=exact, begins=True),
            Cell(text=remark[:1].upper() + remark[1:], tip=one.condition or "", begins=True),
        ),
    )


def principal_icon(index: Index, object_id: str) -> str:
    """The icon of who holds a grant."""
    if index.identity(object_id):
        return "identity"
    principal = index.principal(object_id)
    kind = (principal.kind or "").lower() if principal else ""
    if kind.endswith("group"):
        return "group"
    return "identity" if "service" in kind or "managed" in kind else "user"


def who_kind(path: AccessPath) -> str:
    """In a word or two how a path goes."""
    return {PathKind.GROUP: "through a group", PathKind.POLICY: "access policy"}.get(path.kind, "")


def id_fact(label: str, value: str | None) -> Fact:
    """An id: shortened in the middle where there is no room, whole in the tooltip and on the clipboard."""
    if not value:
        return Fact(label=label, value="not known")
    return Fact(label=label, value=value, exact=value, copyable=True)


def subscription_words(index: Index, resource_id: str) -> str:
    """``Payments``: a subscription by its name."""
    subscription_id = subscription_of(resource_id)
    known = index.subscription(subscription_id) if subscription_id else None
    return known.name if known else subscription_id or "not known"


def tags_fact(tags: tuple[tuple[str, str], ...]) -> Fact:
    return Fact(label="Tags", value=", ".join(f"{name}: {value}" for name, value in tags) or "none")


def group_of(resource_id: str) -> str:
    """The resource group's name."""
    parts = resource_id.split("/")
    return parts[4] if len(parts) > 4 else last(resource_id)


def _ordered(uses: Iterable[Use]) -> list[Use]:
    """Holders first, each followed by what hangs under it."""
    tops: list[Use] = []
    under: dict[str, list[Use]] = {}
    for use in uses:
        if use.consumer.holder_id:
            under.setdefault(fold(use.consumer.holder_id), []).append(use)
        else:
            tops.append(use)
    ordered = []
    for use in sorted(tops, key=lambda one: (one.consumer.service, one.consumer.name.lower(), one.slot.slot)):
        ordered.append(use)
        ordered += under.pop(fold(use.consumer.id), [])
    return ordered + [use for rest in under.values() for use in rest]
