"""Grant access, in the window: which key, to whom, for what."""

from typing import Any

from PySide6.QtWidgets import QComboBox

from cmk_admin.domain.index import Index
from cmk_admin.domain.permissions import allowed_words
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.roles import CRYPTO_OFFICER, CRYPTO_USER, SERVICE_ENCRYPTION_USER
from cmk_admin.domain.services import SERVICES, service
from cmk_admin.domain.steps import StepVerb
from cmk_admin.domain.surroundings import Surroundings
from cmk_admin.domain.verbs import grant
from cmk_admin.domain.verbs.grant import GrantDraft, role_of
from cmk_admin.domain.words import listed
from cmk_admin.ui.wizards import identities
from cmk_admin.ui.wizards.answers import Cards
from cmk_admin.ui.wizards.flow import Stop, Stops
from cmk_admin.ui.wizards.identities import IdentityQuestion
from cmk_admin.ui.wizards.keys import ABOUT, KeyQuestion
from cmk_admin.ui.wizards.new_resource import Place
from cmk_admin.ui.wizards.places import group_of
from cmk_admin.ui.wizards.question import Question
from cmk_admin.ui.wizards.wizard import Room, Wizard

STOPS: Stops = (
    Stop(name="key", title="Key", fields=("key", *ABOUT)),
    Stop(name="identity", title="Identity", fields=("identity", "create_identity")),
    Stop(name="role", title="Purpose and role", fields=("purpose", "role")),
)


def wizard(draft: GrantDraft) -> Wizard:
    """The wizard that begins with this draft."""
    return Wizard(
        name="grant",
        title="Grant access",
        what="this grant",
        icon="grant",
        draft=draft,
        stops=_stops,
        problems=grant.problems,
        pages={"key": _key, "identity": _identity, "role": Role},
        asks=_asks,
        button=_button,
    )


def _stops(_: Any, __: Surroundings | None) -> Stops:
    return STOPS


def _asks(draft: GrantDraft) -> tuple[object, ...] | None:
    new = draft.create_identity
    return (draft.key, (new.subscription_id, new.group) if new else None) if draft.key else None


def _button(plan: Plan, _: GrantDraft) -> str:
    policy = any(step.verb is StepVerb.SET_POLICY for step in plan.steps)
    what = "Set access policy" if policy else "Grant role"
    return f"Create identity and {what[0].lower()}{what[1:]}" if len(plan.steps) > 1 else what


def _key(room: Room) -> Question:
    return KeyQuestion(
        room,
        grant.problems,
        question="Which key?",
        sentence="The grant is given at this key, and nowhere above it: no other key of the vault is opened by it.",
    )


def _identity(room: Room) -> Question:
    return IdentityQuestion(
        room,
        question="Who may use it?",
        sentence="A managed identity or a service principal. A service uses its key as its identity, never as a person.",
        list_all=identities.by_object_id,
        place=_place,
    )


def _place(draft: GrantDraft, index: Index) -> Place:
    """Where the key is, as long as nobody says otherwise."""
    vault = index.vault_of(draft.key) if draft.key else None
    if vault is None:
        return Place(subscription_id="", group="", name="", location="")
    return Place(subscription_id=vault.subscription_id, group=group_of(vault.id), name="", location=vault.location)


class Role(Question):
    def __init__(self, room: Room) -> None:
        super().__init__(room, "role", "What is it for?", "That sets the least role which suffices.")
        known = [(name, one.title, _permits(name)) for name, one in SERVICES.items()]
        self._for = Cards(
            "use", [*known, ("", "Something else", f"Most services need no more than {_permissions('')}.")]
        )
        self._for.chosen.connect(self._chosen)
        self.add("purpose", "", self._for, wide=True)
        self._role = QComboBox()
        self._role.setMinimumWidth(420)
        self._role.activated.connect(self._roled)
        self.add("role", "&Role", self._role)
        self.end()

    def fill(self, draft: GrantDraft) -> None:
        index = self.index
        vault = index.vault_of(draft.key) if draft.key else None
        roles = vault is None or vault.rbac
        self._for.choose(draft.purpose)
        least = role_of(GrantDraft(purpose=draft.purpose))
        self._role.clear()
        self._role.addItem(f"{least} (the least that suffices)" if roles else "No role", None)
        for name in _roles(index) if roles else filter(None, [draft.role]):
            if name != least or not roles:
                self._role.addItem(name, name)
        self._role.setCurrentIndex(max(0, self._role.findData(draft.role)))
        self._role.setEnabled(self._role.count() > 1)
        self.fields["role"].explain(
            "A wider role lets it do more with this key than its service needs."
            if roles
            else f"{vault.name if vault else 'The vault'} uses access policies: its entry gets {_permissions(draft.purpose)}, "
            "and counts for every key of the vault."
        )

    def _chosen(self, purpose: str) -> None:
        self.put(purpose=purpose)
        self.show_draft(self.draft, self.around)

    def _roled(self, *_: object) -> None:
        self.put(role=self._role.currentData())


def _roles(index: Index) -> list[str]:
    """Roles that let somebody do anything with keys: the built-in ones for it, then custom ones."""
    usual = (SERVICE_ENCRYPTION_USER, CRYPTO_USER, CRYPTO_OFFICER)
    custom = sorted(
        {one.name for one in index.estate.role_definitions if allowed_words(one) and not _wide(one.data_actions)}
    )
    return list(dict.fromkeys((*usual, *custom)))


def _wide(actions: tuple[str, ...]) -> bool:
    """It allows everything in the vault, secrets and certificates among it: nobody needs that for a key."""
    return any(one.lower() in ("*", "microsoft.keyvault/vaults/*") for one in actions)


def _permits(name: str) -> str:
    facts = service(name)
    return f"{facts.role}: {_permissions(name)}."


def _permissions(name: str) -> str:
    return listed(service(name).needs.permissions)
