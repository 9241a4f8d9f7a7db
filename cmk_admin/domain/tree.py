"""The tree of the estate as plain data: what a view shows, without a view. Built anew for every estate."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from cmk_admin.domain import mapping, words
from cmk_admin.domain.errors import FailureKind
from cmk_admin.domain.findings import Problems, has_lost_key
from cmk_admin.domain.ids import KeyId, fold
from cmk_admin.domain.index import Index, Use
from cmk_admin.domain.kinds import Grouping, Kind, Mark
from cmk_admin.domain.lone_keys import LoneKeys
from cmk_admin.domain.model import Consumer, Key, KeyVersion, Source, Vault
from cmk_admin.domain.node import Node, hay, in_order, mark_of, parent, tags, worst
from cmk_admin.domain.permissions import allowed_words
from cmk_admin.domain.services import service

__all__ = ["Grouping", "Kind", "Mark", "Node", "build"]


def build(
    index: Index, grouping: Grouping = Grouping.VAULT, now: datetime | None = None, lone: LoneKeys | None = None
) -> tuple[Node, ...]:
    """The top rows of the tree. Never empty: an estate without anything to show has a note that says why.

    `now` decides what is expired; None: when the estate was read. With a `lone` made from the one of an earlier estate
    much less is to be done.
    """
    builder = _Builder(index, now or index.estate.read_at, lone or LoneKeys())
    made = {
        Grouping.VAULT: builder.by_vault,
        Grouping.SERVICE: builder.by_service,
        Grouping.IDENTITY: builder.by_identity,
        Grouping.SUBSCRIPTION: builder.by_subscription,
    }[grouping]()
    return made or (_nothing(index, grouping),)


class _Builder:
    """The rows of one estate. Ids begin with the id of the parent wherever a thing can stand in several places."""

    def __init__(self, index: Index, now: datetime, lone: LoneKeys) -> None:
        self._index = index
        self._now = now
        self._problems = Problems(index, now)
        self._granted = _granted_on_keys(index)
        self._granted_names = _names_by_host(self._granted)
        self._lone = lone

    def by_vault(self) -> tuple[Node, ...]:
        vaults = [self._vault(vault) for vault in self._index.estate.vaults]
        return in_order([*vaults, *(self._unseen_vault(host) for host in self._index.unseen_hosts)])

    def by_subscription(self) -> tuple[Node, ...]:
        grouped: defaultdict[str, list[Vault]] = defaultdict(list)
        for vault in self._index.estate.vaults:
            grouped[vault.subscription_id.lower()].append(vault)
        found = []
        for subscription_id, vaults in grouped.items():
            known = self._index.subscription(subscription_id)
            children = in_order(self._vault(vault) for vault in vaults)
            found.append(
                parent(
                    Node(
                        id=f"subscription:{subscription_id}",
                        kind=Kind.SUBSCRIPTION,
                        text=known.name if known else subscription_id,
                        secondary=words.count(len(vaults), "vault"),
                        ref=f"/subscriptions/{subscription_id}",
                        hay=hay(known.name if known else None, subscription_id),
                    ),
                    children,
                )
            )
        return in_order([*found, *(self._unseen_vault(host) for host in self._index.unseen_hosts)])

    def by_service(self) -> tuple[Node, ...]:
        grouped: defaultdict[str, list[Consumer]] = defaultdict(list)
        for consumer in self._index.estate.consumers:
            grouped[consumer.service].append(consumer)
        found = []
        for name, consumers in grouped.items():
            facts = service(name)
            base = f"service:{name}"
            children = in_order(self._consumer_with_keys(base, consumer) for consumer in consumers)
            top = Node(id=base, kind=Kind.SERVICE, text=facts.title, ref=name, hay=hay(facts.title, name))
            found.append(parent(top, children, len(consumers)))
        return in_order(found)

    def by_identity(self) -> tuple[Node, ...]:
        grouped: defaultdict[str, list[Use]] = defaultdict(list)
        for use in self._index.uses:
            grouped[(use.slot.principal_id or "").lower()].append(use)
        for one in self._index.estate.identities:
            grouped.setdefault(one.principal_id.lower(), [])
        return in_order(self._identity(object_id, uses) for object_id, uses in grouped.items())

    def _identity(self, object_id: str, uses: list[Use]) -> Node:
        base = f"identity:{object_id}"
        identity = self._index.identity(object_id) if object_id else None
        by_key: defaultdict[str, list[Use]] = defaultdict(list)
        for use in uses:
            by_key[use.slot.key_id.key.folded].append(use)
        children = []
        for of_key in by_key.values():
            key = of_key[0].slot.key_id.key
            children.append(self._key_node(f"{base}|", key, self._index.key(key), of_key))
        codes = self._problems.of_idle_identity(object_id) if identity and not uses else ()
        kind = "system-assigned" if identity and identity.system_assigned else "user-assigned" if identity else ""
        count = _number(uses)
        secondary = ", ".join(filter(None, (kind, "" if count else "no service seen that uses it")))
        name = words.who(self._index, object_id) if object_id else "Identity not known"
        top = Node(
            id=base,
            kind=Kind.IDENTITY,
            text=name,
            secondary=secondary,
            mark=mark_of(codes, ""),
            problems=codes,
            state="" if object_id else mapping.UNKNOWN,
            ref=object_id,
            hay=hay(
                name,
                object_id,
                self._index.client_id_of(object_id) if object_id else None,
                identity.resource_id if identity else None,
            ),
        )
        return parent(top, in_order(children), count)

    def _vault(self, vault: Vault) -> Node:
        uses = self._index.uses_of_host(vault.host)
        children = in_order([*self._keys(vault), *(self._missing_keys(vault) if uses else ())])
        if not children:
            children = (self._vault_note(vault),)
        subscription = self._index.subscription(vault.subscription_id)
        top = Node(
            id=f"vault:{vault.host.lower()}",
            kind=Kind.VAULT,
            text=vault.name,
            secondary=_vault_words(vault),
            mark=Mark.UNKNOWN if vault.problem else Mark.NONE,
            problems=self._problems.of_vault(vault),
            state=_vault_state(vault),
            ref=vault.id,
            hay=hay(
                vault.name,
                vault.host,
                vault.id,
                subscription.name if subscription else None,
                tags(vault.tags),
                *(policy.object_id for policy in vault.access_policies),
            ),
        )
        return parent(top, children, _number(uses))

    def _keys(self, vault: Vault) -> Iterable[Node]:
        """The keys that were read of a vault."""
        uses, keys = self._index.uses_by_name(vault.host), self._index.keys_of(vault.id)
        apart = self._granted_names.get(vault.host.lower(), frozenset()).union(uses)
        made = [
            self._key_node("", key.id, key, uses.get(key.id.name.lower(), ()))
            for key in keys
            if key.versions or key.id.name.lower() in apart
        ]
        return (*self._lone.rows(vault, keys, apart, self._problems, self._now), *made)

    def _missing_keys(self, vault: Vault) -> Iterable[Node]:
        """Keys that consumers name and that were not among those read of the vault."""
        missing: dict[str, KeyId] = {}
        for use in self._index.uses_of_host(vault.host):
            if self._index.key(use.slot.key_id) is None:
                missing.setdefault(use.slot.key_id.key.folded, use.slot.key_id.key)
        return [self._key_node("", key, None, self._index.uses_of_key(key)) for key in missing.values()]

    def _unseen_vault(self, host: str) -> Node:
        keys = {use.slot.key_id.key.folded: use.slot.key_id.key for use in self._index.uses_of_host(host)}
        children = in_order(self._key_node("", key, None, self._index.uses_of_key(key)) for key in keys.values())
        uses = self._index.uses_of_host(host)
        top = Node(
            id=f"vault:{host}",
            kind=Kind.VAULT,
            text=host.split(".", 1)[0],
            secondary="not visible to this account",
            mark=Mark.UNKNOWN,
            state="not-visible",
            ref=f"https://{host}",
            hay=host,
        )
        return parent(top, children, _number(uses))

    def _key_node(self, base: str, key_id: KeyId, key: Key | None, uses: Iterable[Use]) -> Node:
        """A key with the consumers among `uses`, then its versions. `key` is None where only a consumer names it."""
        node_id = f"{base}key:{key_id.host}/{key_id.name}".lower()
        children: tuple[Node, ...] = ()
        count = 0
        uses = tuple(uses)
        if uses:
            children = self._users(node_id, uses)
            count = _number(uses)
        if key is None:
            return Node(
                id=node_id,
                kind=Kind.KEY,
                text=key_id.name,
                secondary="not read",
                consumers=count,
                mark=worst([Mark.UNKNOWN, *(child.mark for child in children)]),
                problems=self._problems.of_unseen_key(key_id),
                state=mapping.UNKNOWN,
                ref=str(key_id),
                hay=key_id.name.lower(),
                children=children,
            )
        if key.versions and not base:
            children += tuple(_version(node_id, one, self._now, key.current_version) for one in key.versions)
        codes = self._problems.of_key(key)
        state = mapping.key_state(key, self._now)
        return Node(
            id=node_id,
            kind=Kind.KEY,
            text=key_id.name,
            secondary=words.key_type(key),
            consumers=count,
            mark=worst([mark_of(codes, state), *(child.mark for child in children)]),
            problems=codes,
            state=state,
            ref=str(key_id),
            hay=hay(
                key_id.name,
                words.key_type(key),
                tags(key.tags),
                key.current_version,
                self._granted.get(f"key:{key_id.key.host}/{key_id.name}".lower()),
            ),
            children=children,
        )

    def _users(self, base: str, uses: tuple[Use, ...]) -> tuple[Node, ...]:
        """The consumers of a key; what hangs under a set stands under it."""
        present = {fold(use.consumer.id) for use in uses}
        tops = [use for use in uses if fold(use.consumer.holder_id or "") not in present]
        return in_order(self._user(base, use, uses) for use in tops)

    def _user(self, base: str, use: Use, uses: tuple[Use, ...]) -> Node:
        consumer, slot = use
        node_id = f"{base}|{fold(consumer.id)}|{consumer.service}|{slot.slot}"
        under = [
            other
            for other in uses
            if other.consumer.holder_id
            and fold(other.consumer.holder_id) == fold(consumer.id)
            and other.slot.slot == slot.slot
        ]
        children = in_order(self._user(node_id, other, uses) for other in under)
        return self._consumer(node_id, consumer, slot.slot, children)

    def _consumer_with_keys(self, base: str, consumer: Consumer) -> Node:
        """A consumer with the keys that it uses under it."""
        node_id = f"{base}|{fold(consumer.id)}"
        children = []
        for slot in self._index.slots_of(consumer):
            key = self._index.key(slot.key_id)
            node = self._key_node(f"{node_id}|{slot.slot}|", slot.key_id.key, key, ())
            children.append(node._replace(consumers=None, secondary=_with_slot(node.secondary, slot.slot)))
        unique = {node.id: node for node in children}
        return self._consumer(node_id, consumer, "primary", in_order(unique.values()))

    def _consumer(self, node_id: str, consumer: Consumer, slot: str, children: tuple[Node, ...]) -> Node:
        facts = service(consumer.service)
        codes = self._problems.of_consumer(consumer.id, consumer.service)
        lost = has_lost_key(consumer)
        return Node(
            id=node_id,
            kind=Kind.CONSUMER,
            text=consumer.name,
            secondary=_with_slot(facts.title, slot),
            mark=worst([Mark.BROKEN if lost else mark_of(codes, ""), *(child.mark for child in children)]),
            problems=codes,
            state=consumer.state or mapping.UNKNOWN,
            ref=consumer.id,
            hay=self._consumer_hay(consumer, facts.title),
            children=children,
        )

    def _consumer_hay(self, consumer: Consumer, title: str) -> str:
        said: list[str | None] = [
            consumer.name,
            consumer.id,
            title,
            consumer.service,
            *consumer.hosts,
            tags(consumer.tags),
        ]
        for slot in self._index.slots_of(consumer):
            said += [slot.key_id.version, slot.identity_name, slot.principal_id, slot.identity_resource_id]
            if slot.principal_id:
                said.append(self._index.client_id_of(slot.principal_id))
        return hay(*said)

    def _vault_note(self, vault: Vault) -> Node:
        """Why there is no key in a vault, and what to do about it."""
        if vault.problem is not None:
            text, secondary = f"Keys {words.failure(vault.problem.kind)}", vault.problem.message
        elif vault.keys_from is Source.UNREAD:
            reading = not self._index.estate.coverage.finished
            text, secondary = ("Reading its keys…", "") if reading else ("Keys not read", "Press F5 to try again")
        else:
            text, secondary = "No keys", ""
        return Node(
            id=f"vault:{vault.host.lower()}|note",
            kind=Kind.NOTE,
            text=text,
            secondary=secondary,
            mark=Mark.UNKNOWN if vault.problem else Mark.NONE,
        )


def _with_slot(text: str, slot: str) -> str:
    return text if slot == "primary" else f"{text}, {slot}"


def _granted_on_keys(index: Index) -> dict[str, str]:
    """Ids of key rows to the object and client ids of those who may do something by a grant on just that key."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for one in index.estate.role_assignments:
        place, mark, name = one.scope.lower().rpartition("/keys/")
        vault = index.vault(place) if mark else None
        role = index.role(one.role_definition_id) if vault else None
        if vault is not None and role is not None and allowed_words(role):
            row = f"key:{vault.host}/{name.rstrip('/')}".lower()
            found[row] += filter(None, (one.principal_id, index.client_id_of(one.principal_id)))
    return {row: " ".join(ids) for row, ids in found.items()}


def _names_by_host(granted: Iterable[str]) -> dict[str, frozenset[str]]:
    """The folded names in ids of key rows, by the host of their vault."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for row in granted:
        host, _, name = row.removeprefix("key:").partition("/")
        found[host].add(name)
    return {host: frozenset(names) for host, names in found.items()}


def _number(uses: Iterable[Use]) -> int:
    """How many consumers stand behind uses."""
    return len({(fold(use.consumer.id), use.consumer.service) for use in uses})


def _version(base: str, version: KeyVersion, now: datetime, current: str | None) -> Node:
    state = mapping.version_state(version, now)
    name = (version.id.version or "").lower()
    is_current = name == (current or "").lower()
    created = f"of {words.date(version.created)}" if version.created else ""
    return Node(
        id=f"{base}|version:{name}",
        kind=Kind.VERSION,
        text=words.shortened(version.id.version or "", 13),
        secondary=", ".join(filter(None, ("current" if is_current else "", created))),
        state=state,
        ref=str(version.id),
        hay=name,
    )


def _vault_words(vault: Vault) -> str:
    if vault.problem is not None:
        return words.failure(vault.problem.kind)
    return "Premium" if vault.premium else "Standard"


def _vault_state(vault: Vault) -> str:
    if vault.problem is not None:
        return vault.problem.kind.value
    return "unread" if vault.keys_from is Source.UNREAD else ""


def _nothing(index: Index, grouping: Grouping) -> Node:
    """The one row of a tree without any, which never says "none" unless all was read."""
    coverage = index.estate.coverage
    read = words.coverage(coverage)
    what = {Grouping.SERVICE: "services that use a key", Grouping.IDENTITY: "identities"}.get(grouping, "key vaults")
    text, secondary, mark = f"No {what}", f"All was read: {read}.", Mark.NONE
    if not coverage.finished:
        text, secondary = "Reading…", read
    elif not coverage.complete:
        text, mark = f"No {what} could be read", Mark.UNKNOWN
        forbidden = all(one.kind is FailureKind.FORBIDDEN for one in coverage.problems)
        what_next = (
            "Ask for the role Reader on a subscription, then press F5." if forbidden else "Press F5 to try again."
        )
        secondary = f"{read}. {what_next}"
    return Node(id="note", kind=Kind.NOTE, text=text, secondary=secondary, mark=mark)
