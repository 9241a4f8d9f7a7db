"""The pages of what is neither a key nor a vault."""

from datetime import datetime

from cmk_admin.domain import access, findings, words
from cmk_admin.domain.ids import KeyId, fold, same
from cmk_admin.domain.index import Index, Use
from cmk_admin.domain.model import Consumer
from cmk_admin.domain.services import service
from cmk_admin.ui.details import parts
from cmk_admin.ui.details.describe_vault import keys_grid
from cmk_admin.ui.details.page import Chip, Fact, Grid, Line, Page, Section
from cmk_admin.ui.selection import Selection
from cmk_admin.ui.tree.look import service_icon


def consumer_page(index: Index, consumer_id: str, now: datetime, kind: str | None = None) -> Page | None:
    """A service that uses keys: by which identity, through which paths, and what would stop.

    `kind` tells a cluster's disks from its etcd; None: the first.
    """
    consumer = index.consumer_with(consumer_id, service=kind)
    if consumer is None:
        return None
    facts = service(consumer.service)
    slots = index.slots_of(consumer)
    found = findings.of_consumer(index, consumer_id, now)
    complete = index.estate.coverage.complete
    state, tone, icon = parts.consumer_look(consumer)
    held = index.held_by(consumer.id)
    key_lines = []
    for slot in slots:
        key = index.key(slot.key_id)
        vault = index.vault_of(slot.key_id)
        key_lines.append(
            Line(
                text=slot.key_id.name,
                secondary=" · ".join(
                    filter(
                        None,
                        (
                            slot.slot if slot.slot != "primary" else "",
                            f"in {vault.name}" if vault else f"in {slot.key_id.host}, not visible",
                            words.key_type(key) if key else "not read",
                            f"version {words.shortened(slot.key_id.version, 13)}"
                            if slot.key_id.version
                            else "newest version",
                        ),
                    )
                ),
                icon="key",
                tip=str(slot.key_id),
                target=str(slot.key_id.key),
            )
        )
    sections = [
        Section(
            name="used",
            title="Which key it uses",
            summary=words.count(len(slots), "key") if slots else "None that is known.",
            lines=tuple(key_lines),
            icon="key",
            tone="secondary" if slots else "unknown",
        ),
        _identity_section(index, consumer),
        _effect_section(consumer),
        parts.wrong_section(found, complete=complete),
    ]
    if held:
        sections.insert(1, _held_section(held))
    return Page(
        id=f"consumer:{fold(consumer.id)}" + (f"|{kind}" if len(index.consumers(consumer_id)) > 1 else ""),
        kind=facts.title,
        icon=service_icon(consumer.service),
        title=consumer.name,
        where=f"in {parts.group_of(consumer.id)}, {parts.subscription_words(index, consumer.id)}",
        chips=(Chip(text=facts.title), Chip(text=state, tone=tone, icon=icon)),
        sections=tuple(sections),
        facts=(
            parts.id_fact("Resource id", consumer.id),
            Fact(label="Location", value=consumer.location),
            Fact(label="Host names", value=", ".join(consumer.hosts) or "none"),
            *(parts.id_fact(f"Key of slot {slot.slot}", str(slot.key_id)) for slot in slots),
            parts.tags_fact(consumer.tags),
        ),
        grids=(_consumer_access(index, slots_of=consumer), parts.findings_grid(found, complete=complete)),
    )


def _held_section(held: tuple[Consumer, ...]) -> Section:
    lines = tuple(
        Line(
            text=one.name,
            secondary=f"{service(one.service).title} · {parts.consumer_look(one)[0]}",
            icon=service_icon(one.service),
            tip=one.id,
            target=one.id,
        )
        for one in held[: parts.SHOWN]
    )
    summary = f"{words.count(len(held), 'service')}: what stops it stops them too"
    return Section(name="held", title="What hangs under it", summary=summary, lines=lines, icon="cluster")


def _identity_section(index: Index, consumer: Consumer) -> Section:
    lines = []
    unknown = False
    for principal in dict.fromkeys(slot.principal_id for slot in index.slots_of(consumer)):
        if principal is None:
            unknown = True
            lines.append(Line(text="Identity not known", icon="unknown", tone="unknown"))
            continue
        others = {fold(use.consumer.id) for use in index.uses_of_principal(principal)} - {fold(consumer.id)}
        others -= {fold(one.id) for one in index.held_by(consumer.id)}
        others -= {fold(consumer.holder_id)} if consumer.holder_id else set()
        others = {one for one in others if not _same_holder(index, consumer, one)}
        identity = index.identity(principal)
        kind = "system-assigned" if identity and identity.system_assigned else "user-assigned" if identity else ""
        shared = f"shared with {words.count(len(others), 'other service')}" if others else "of this service alone"
        lines.append(
            Line(
                text=words.who(index, principal),
                secondary=" · ".join(filter(None, (kind, shared))),
                icon="identity",
                tone="caution" if others else "text",
                tip=principal,
                target=principal,
            )
        )
    holder = index.holder_of(consumer)
    summary = f"By way of {holder.name}, whose identity unwraps" if holder else "The identity that unwraps"
    return Section(
        name="identity",
        title="As whom it uses it",
        summary=summary,
        lines=tuple(lines),
        icon="identity",
        tone="unknown" if unknown else "secondary",
        more="access",
        more_text="Every path to its key",
    )


def _same_holder(index: Index, consumer: Consumer, other_id: str) -> bool:
    other = index.consumer(other_id)
    return bool(other and consumer.holder_id and other.holder_id and same(other.holder_id, consumer.holder_id))


def _effect_section(consumer: Consumer) -> Section:
    facts = service(consumer.service)
    bound = words.duration(facts.lost_seconds)
    stops = f"{facts.stops}, within {bound}" if facts.lost_seconds else f"{facts.stops}; {bound}"
    return Section(
        name="effect",
        title="What happens without its key",
        summary=stops,
        lines=(
            Line(text="Lost", secondary=facts.lost, icon="broken"),
            Line(text="Comes back", secondary=facts.comes_back, icon="restore"),
        ),
        icon="revoke",
    )


def _consumer_access(index: Index, *, slots_of: Consumer) -> Grid:
    found: list[access.AccessPath] = []
    users: set[str] = set()
    for slot in index.slots_of(slots_of):
        if slot.principal_id:
            users.add(slot.principal_id.lower())
            found += access.paths(index, slot.key_id.key, slot.principal_id)
    return parts.access_grid(index, tuple(dict.fromkeys(found)), (), frozenset(users))


def identity_page(index: Index, principal_id: str) -> Page:
    """An identity: what it opens, and which services use it."""
    identity = index.identity(principal_id)
    uses = index.uses_of_principal(principal_id)
    keys = {use.slot.key_id.key for use in uses}
    found = [path for key in sorted(keys) for path in access.paths(index, key, principal_id)]
    kind = "system-assigned" if identity and identity.system_assigned else "user-assigned"
    consumers = {fold(use.consumer.id) for use in uses if use.consumer.holder_id is None}
    chips = [Chip(text=f"{kind} identity" if identity else "identity not read")]
    if len(consumers) > 1:
        chips.append(Chip(text=f"shared by {len(consumers)} services", tone="caution", icon="warning"))
    return Page(
        id=f"identity:{principal_id.lower()}",
        kind="Identity",
        icon="identity",
        title=words.who(index, principal_id),
        where="managed identity",
        chips=tuple(chips),
        sections=(
            parts.uses_section(index, uses, "this identity"),
            Section(
                name="keys",
                title="Which keys they use through it",
                summary=words.count(len(keys), "key") if keys else "None that is known.",
                lines=tuple(_key_line(index, key) for key in sorted(keys)[: parts.SHOWN]),
                icon="key",
            ),
        ),
        facts=(
            parts.id_fact("Object id", principal_id),
            parts.id_fact("Client id", index.client_id_of(principal_id)),
            parts.id_fact("Resource id", identity.resource_id if identity else None),
        ),
        grids=(
            parts.access_grid(index, tuple(dict.fromkeys(found)), (), frozenset({principal_id.lower()})),
            parts.consumers_grid(index, uses, "this identity"),
        ),
    )


def _key_line(index: Index, key: KeyId) -> Line:
    known = index.key(key)
    return Line(
        text=key.name,
        secondary=f"in {key.vault_name} · {words.key_type(known) if known else 'not read'}",
        icon="key",
        tip=str(key),
        target=str(key),
    )


def group_page(index: Index, selection: Selection, now: datetime) -> Page:
    """All services of a kind, or all vaults of a subscription."""
    if selection.kind == "service" and selection.service:
        facts = service(selection.service)
        consumers = [one for one in index.estate.consumers if one.service == selection.service]
        uses = tuple(Use(one, slot) for one in consumers for slot in index.slots_of(one))
        return Page(
            id=f"service:{selection.service}",
            kind="Service",
            icon=service_icon(selection.service),
            title=facts.title,
            where=words.count(len(consumers), "service"),
            sections=(
                parts.uses_section(index, uses, "a key"),
                *((_effect_section(consumers[0]),) if consumers else ()),
            ),
            grids=(parts.consumers_grid(index, uses, "a key"),),
        )
    subscription_id = selection.subscription_id or ""
    vaults = [one for one in index.estate.vaults if one.subscription_id.lower() == subscription_id.lower()]
    keys = [key for vault in vaults for key in index.keys_of(vault.id)]
    uses = tuple(use for vault in vaults for use in index.uses_of_host(vault.host))
    return Page(
        id=f"subscription:{subscription_id}",
        kind="Subscription",
        icon="subscription",
        title=selection.name,
        where=f"{words.count(len(vaults), 'vault')}, {words.count(len(keys), 'key')}",
        sections=(parts.uses_section(index, uses, "a key of this subscription"),),
        facts=(parts.id_fact("Subscription id", subscription_id),),
        grids=(keys_grid(index, keys, now), parts.consumers_grid(index, uses, "a key of this subscription")),
    )
