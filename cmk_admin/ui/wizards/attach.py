"""Attach a key to a service, in the window: which service, which of its resources, which key, as whom, and how."""

from dataclasses import fields
from functools import partial

from cmk_admin.domain.ids import fold, last
from cmk_admin.domain.index import Index
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.services import SERVICES
from cmk_admin.domain.surroundings import Surroundings, Target
from cmk_admin.domain.verbs import attach
from cmk_admin.domain.verbs.attach import AttachDraft
from cmk_admin.ui.wizards import identities
from cmk_admin.ui.wizards.answers import Cards
from cmk_admin.ui.wizards.attach_disks import DiskSet, StorageClass
from cmk_admin.ui.wizards.attach_etcd import Engine
from cmk_admin.ui.wizards.attach_geo import Geo
from cmk_admin.ui.wizards.flow import Stop, Stops
from cmk_admin.ui.wizards.identities import IdentityQuestion
from cmk_admin.ui.wizards.keys import ABOUT, KeyQuestion
from cmk_admin.ui.wizards.new_resource import Place
from cmk_admin.ui.wizards.places import group_of
from cmk_admin.ui.wizards.question import Question
from cmk_admin.ui.wizards.targets import TargetQuestion
from cmk_admin.ui.wizards.wizard import Room, Wizard

KINDS = {
    "mysql-flexible": "Data and backups of a server. Goes on while it is done.",
    "aks-disks": "New volumes of a cluster, by a disk encryption set and a storage class.",
    "aks-etcd": "Kubernetes secrets, before they are written to the cluster's database.",
    "disk-encryption-set": "Another key for a set, and with it for every disk on it.",
    "mysql-single": "Retired by Microsoft; for a server that still runs.",
}

LONGEST = 32
"""A longer name makes no button."""

SERVICE = Stop(name="service", title="Service", fields=("service",))
CONSUMER = Stop(name="consumer", title="Resource", fields=("consumer",))
KEY = Stop(name="key", title="Key", fields=("key", *ABOUT))
IDENTITY = Stop(name="identity", title="Identity", fields=("identity", "create_identity"))
GEO = Stop(name="geo", title="Second region", fields=("geo_key", "geo_identity"))
ENGINE = Stop(name="engine", title="Engine", fields=("engine", "network", "rewrite_secrets"))
DISK_SET = Stop(name="disk_set", title="Encryption set", fields=("disk_set", "new_disk_set"))
STORAGE = Stop(name="storage", title="Storage class", fields=("storage_class", "apply_storage_class"))


def wizard(draft: AttachDraft) -> Wizard:
    """The wizard that begins with this draft."""
    key = partial(
        KeyQuestion,
        problems=attach.problems,
        question="Which key?",
        sentence="Keys that the service would refuse are grey. The current version is attached where the service names one.",
    )
    return Wizard(
        name="attach",
        title="Attach to a service",
        what="this attachment",
        icon="attach",
        draft=draft,
        stops=stops,
        problems=attach.problems,
        pages={
            "service": Service,
            "consumer": partial(TargetQuestion, problems=attach.problems),
            "key": key,
            "identity": ServerIdentity,
            "geo": Geo,
            "engine": Engine,
            "disk_set": DiskSet,
            "storage": StorageClass,
        },
        asks=_asks,
        button=_button,
    )


def stops(draft: AttachDraft, around: Surroundings | None) -> Stops:
    """What is asked for depends on the service, and on whether the server keeps backups in a second region."""
    match draft.service:
        case "mysql-flexible":
            target = around.target(draft.consumer) if around is not None and draft.consumer else None
            geo = (GEO,) if target is not None and target.geo_backup else ()
            return (SERVICE, CONSUMER, KEY, IDENTITY, *geo)
        case "aks-etcd":
            return (SERVICE, CONSUMER, KEY, ENGINE)
        case "aks-disks":
            return (SERVICE, CONSUMER, DISK_SET, KEY, STORAGE)
        case _:
            return (SERVICE, CONSUMER, KEY)


def _asks(draft: AttachDraft) -> tuple[object, ...] | None:
    if not draft.consumer:
        return None
    made = [(one.subscription_id, one.group) if one else None for one in (draft.create_identity, draft.new_disk_set)]
    chosen = (draft.identity, draft.geo_identity, draft.disk_set)
    return (draft.service, draft.consumer, draft.key, draft.geo_key, *chosen, *made)


def _button(_: Plan, draft: AttachDraft) -> str:
    name = last(draft.consumer)
    return f"Attach {name}" if 0 < len(name) <= LONGEST else "Attach the key"


class Service(Question):
    def __init__(self, room: Room) -> None:
        super().__init__(room, "service", "What kind of service gets the key?", "")
        self._drafts: dict[str, AttachDraft] = {}
        self._kinds = Cards(
            "service", [(name, SERVICES[name].title, words) for name, words in KINDS.items() if name in attach.HOWS]
        )
        self._kinds.chosen.connect(self._chosen)
        self.add("service", "", self._kinds, wide=True)
        self.end()

    def fill(self, draft: AttachDraft) -> None:
        key = f"“{draft.key.name}”" if draft.key else "A key of yours"
        self.lead.setText(f"{key} then wraps the key by which the service encrypts its data.")
        self._kinds.choose(draft.service)

    def _chosen(self, service: str) -> None:
        """Each service keeps what was answered for it; the key is that of all."""
        self._drafts[self.draft.service] = self.draft
        known = self._drafts.get(service, AttachDraft(service=service))
        self.put(**{one.name: getattr(known, one.name) for one in fields(known) if one.name != "key"})


class ServerIdentity(IdentityQuestion):
    """By which identity a flexible server uses the key."""

    def __init__(self, room: Room) -> None:
        super().__init__(
            room,
            question="As whom does the server use the key?",
            sentence="A user-assigned identity, which is put on the server and granted the key. A server cannot do it as itself.",
            list_all=identities.by_resource_id,
            place=_place,
            none=None,
        )

    def carried(self) -> str | None:
        target = _target(self.draft, self.around)
        mine = [one.resource_id for one in target.identities if one.resource_id] if target else []
        return last(mine[0]) if len(mine) == 1 else None


def _target(draft: AttachDraft, around: Surroundings | None) -> Target | None:
    return around.target(draft.consumer) if around is not None and draft.consumer else None


def _place(draft: AttachDraft, index: Index) -> Place:
    """Beside the server."""
    known = next((one for one in index.consumers(draft.consumer) if fold(one.id) == fold(draft.consumer)), None)
    vault = index.vault_of(draft.key) if draft.key else None
    location = known.location if known else vault.location if vault else ""
    subscription = draft.consumer.split("/")[2] if draft.consumer.startswith("/subscriptions/") else ""
    return Place(subscription_id=subscription, group=group_of(draft.consumer), name="", location=location)
