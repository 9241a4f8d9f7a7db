"""Attach a key to a MySQL server, flexible or single.

Sources: DBD mysql/flexible-server/security-customer-managed-key.md; AD mysql/single-server/
concepts-data-encryption-mysql.md.
"""

from collections.abc import Iterator

from cmk_admin.domain.ids import KeyId, fold, last, parse_key_id
from cmk_admin.domain.index import Index
from cmk_admin.domain.plan import Watch
from cmk_admin.domain.problems import Problem
from cmk_admin.domain.services import service
from cmk_admin.domain.steps import Json, Step
from cmk_admin.domain.surroundings import Surroundings, Target
from cmk_admin.domain.verbs import granting, making, rights
from cmk_admin.domain.verbs.attaching import (
    AttachDraft,
    grant_problems,
    key_problems,
    same_key,
    target_problems,
    versioned,
)
from cmk_admin.domain.verbs.granting import Grant

FLEXIBLE, SINGLE = "mysql-flexible", "mysql-single"
_SINGLE_TIERS = ("generalpurpose", "memoryoptimized")
"""Tiers of the single server that take a customer's key (AD mysql/single-server/concepts-data-encryption-mysql.md)."""


def problems(draft: AttachDraft, index: Index, around: Surroundings) -> tuple[Problem, ...]:
    """Every documented requirement, before anything is written."""
    target = around.target(draft.consumer)
    found = list(target_problems(draft, index, around, write=rights.write_of(draft.service)))
    found += key_problems(draft.key, draft, index, around, target, field="key")
    if target is not None:
        found += _server(draft, target)
        found += _identity(draft, index, around, target)
        found += _geo(draft, index, around, target)
        found += grant_problems(_grants(draft, index, target), index, around, target.id)
    retired = service(draft.service).retired
    if retired:
        found.append(Problem(code="retired", sentence=retired, field="service", blocks=False))
    return tuple(found)


def steps(draft: AttachDraft, index: Index, around: Surroundings) -> tuple[Step, ...]:
    """The identity where it is to be made, the grants that are missing, then the server's settings."""
    target = around.target(draft.consumer)
    key = index.key(draft.key) if draft.key else None
    kid = versioned(key) if key else None
    if target is None or kid is None:
        return ()
    made = draft.create_identity if draft.service == FLEXIBLE else None
    found = [making.create_identity(made.id, made.location)] if made else []
    for grant in _grants(draft, index, target):
        found += granting.steps(index, grant, stage=1)
    after = _settings(draft, index, target, kid)
    found.append(
        making.set_consumer_key(
            target.id,
            _before(target, after),
            after,
            words=f"Encrypt {target.name} with {kid.name}{_as(after.get('identity'))}{_second(after)}",
            undo_words=_back(target),
            request=f"PATCH {target.id}"
            if draft.service == FLEXIBLE
            else f"PUT {target.id}/keys/{server_key_name(kid)}",
            stage=2,
        )
    )
    return tuple(found)


def watches(draft: AttachDraft, around: Surroundings) -> tuple[Watch, ...]:
    """The server is followed until it reports that it serves connections with the key."""
    seconds = service(draft.service).back_seconds
    return (Watch(consumer_id=draft.consumer, service=draft.service, wanted="back", within_seconds=seconds),)


def identity_of(draft: AttachDraft, target: Target) -> str | None:
    """The ARM id of the user-assigned identity that would be used; None where none is chosen and none is certain."""
    if draft.create_identity is not None:
        return draft.create_identity.id
    if draft.identity is not None:
        return draft.identity
    carried = [one.resource_id for one in target.identities if one.resource_id]
    return carried[0] if len(carried) == 1 else None


def server_key_name(kid: KeyId) -> str:
    """How a single server names its key: ``VAULT_KEY_VERSION``."""
    return f"{kid.vault_name}_{kid.name}_{kid.version}"


def platform_settings(target: Target) -> dict[str, Json]:
    """The settings of a server that a platform-managed key encrypts."""
    facts: dict[str, Json] = {"service": target.service, "key": None}
    if target.service == FLEXIBLE:
        facts |= {"identity": None, "geo_key": None, "geo_identity": None}
    return facts


def _settings(draft: AttachDraft, index: Index, target: Target, kid: KeyId) -> dict[str, Json]:
    facts: dict[str, Json] = {"service": draft.service, "key": str(kid)}
    if draft.service == SINGLE:
        return facts
    identity = identity_of(draft, target)
    geo = index.key(draft.geo_key) if draft.geo_key else None
    geo_kid = versioned(geo) if geo else None
    carried: list[Json] = [one for one in dict.fromkeys((identity, draft.geo_identity)) if one]
    return facts | {
        "identity": identity,
        "geo_key": str(geo_kid) if geo_kid else None,
        "geo_identity": draft.geo_identity,
        "with": carried,
    }


def _before(target: Target, after: dict[str, Json]) -> dict[str, Json]:
    """What the server has now, and which of the identities that it will carry it does not carry yet."""
    before = {name: value for name, value in target.settings.items() if name != "with"}
    wanted = after.get("with")
    if isinstance(wanted, list):
        before["without"] = [one for one in wanted if not target.carries(str(one))]
    return before


def _as(identity: Json) -> str:
    """The identity by which a key is used, in the words of the step; '' where it is the server's own."""
    return f" as {last(identity)}" if isinstance(identity, str) else ""


def _second(settings: dict[str, Json]) -> str:
    """The key of geo-redundant backup, in the words of the step; '' without one."""
    second = settings.get("geo_key")
    if not isinstance(second, str):
        return ""
    key = parse_key_id(second)
    who = _as(settings.get("geo_identity"))
    return f", its backups in the paired region with {key.name} of {key.vault_name}{who}"


def _back(target: Target) -> str:
    if target.key is None:
        return f"Encrypt {target.name} with a platform-managed key again"
    return f"Encrypt {target.name} with {target.key.name} again"


def _server(draft: AttachDraft, target: Target) -> Iterator[Problem]:
    state = (target.state or "").lower()
    if target.replica_of is not None:
        said = f"{target.name} is a replica of {last(target.replica_of)}: attach the key there, and revalidate the replica."
        yield Problem(code="replica", sentence=said, field="consumer")
    if state == "inaccessible":
        said = f"{target.name} is Inaccessible: repair its present key first, or its data cannot be read to be encrypted anew."
        yield Problem(code="not-ready", sentence=said, field="consumer")
    elif state != "ready" and not target.busy:
        said = (
            f"{target.name} is {target.state or 'in a state that could not be read'}: it must be Ready. Start it first."
        )
        yield Problem(code="not-ready", sentence=said, field="consumer")
    if draft.service == SINGLE and (target.tier or "").lower() not in _SINGLE_TIERS:
        said = f"{target.name} is of the tier {target.tier}: only General Purpose and Memory Optimized take a key."
        yield Problem(code="tier", sentence=said, field="consumer")
    if target.replicas:
        names = ", ".join(last(one) for one in target.replicas)
        said = (
            f"The replicas of {target.name} ({names}) turn Inaccessible until they are revalidated with the same key."
        )
        yield Problem(code="replicas", sentence=said, field="consumer", blocks=False)
    if target.key is not None and draft.key is not None:
        if same_key(target.key, draft.key):
            said = f"{target.name} uses {draft.key.name} already. A newer version is attached by rotating."
            yield Problem(code="attached-already", sentence=said, field="key")
        else:
            said = (
                f"{target.name} uses {target.key.name} now: keep that key alive, since backups made until now and servers "
                "restored from them still need it."
            )
            yield Problem(code="old-key-needed", sentence=said, field="key", blocks=False)


def _identity(draft: AttachDraft, index: Index, around: Surroundings, target: Target) -> Iterator[Problem]:
    if draft.service == SINGLE:
        yield from _own_only(draft, target)
        return
    if draft.create_identity is not None:
        yield from granting.identity_problems(draft.create_identity, index, around)
        return
    identity_id = identity_of(draft, target)
    if not identity_id:
        carried = len([one for one in target.identities if one.resource_id])
        said = (
            f"{target.name} carries {carried} identities: choose one, or have one created."
            if carried
            else "Choose the identity, or have one created."
        )
        yield Problem(code="no-identity", sentence=said, field="identity")
        return
    yield from _usable(identity_id, index, around, target, field="identity")


def _usable(identity_id: str, index: Index, around: Surroundings, target: Target, *, field: str) -> Iterator[Problem]:
    """An identity that exists can be read, and the server carries it or may be given it by this account."""
    if _principal(index, target, identity_id) is None:
        said = f"The identity {last(identity_id)} could not be read."
        yield Problem(code="no-identity", sentence=said, field=field)
    elif not target.carries(identity_id):
        missing = rights.missing(
            around, rights.ASSIGN_IDENTITY, identity_id, f"give {last(identity_id)} to servers", field=field
        )
        if missing is not None:
            yield missing


def _own_only(draft: AttachDraft, target: Target) -> Iterator[Problem]:
    """A single server takes one key, by the identity that is its own: what else was chosen would not be done."""
    if _own(target) is None:
        said = (
            f"{target.name} has no identity of its own: give it one first (az mysql server update --assign-identity)."
        )
        yield Problem(code="no-identity", sentence=said, field="consumer")
    chosen = {
        "identity": draft.identity,
        "create_identity": draft.create_identity,
        "geo_identity": draft.geo_identity,
    }
    for field in (name for name, value in chosen.items() if value is not None):
        said = f"{target.name} uses a key by the identity of its own: choose no other one."
        yield Problem(code="own-identity", sentence=said, field=field)
    if draft.geo_key is not None:
        said = f"{target.name} is a single server: it takes no second key."
        yield Problem(code="no-geo-backup", sentence=said, field="geo_key")


def _geo(draft: AttachDraft, index: Index, around: Surroundings, target: Target) -> Iterator[Problem]:
    if draft.service == SINGLE:
        return
    if not target.geo_backup:
        for field, value in (("geo_key", draft.geo_key), ("geo_identity", draft.geo_identity)):
            if value is not None:
                said = f"{target.name} has no geo-redundant backup: it takes no second key and identity."
                yield Problem(code="no-geo-backup", sentence=said, field=field)
        return
    if draft.geo_key is None or draft.geo_identity is None:
        said = (
            f"{target.name} has geo-redundant backup: it needs a second key and identity in the region that is paired with "
            f"{target.location}."
        )
        field = "geo_key" if draft.geo_key is None else "geo_identity"
        yield Problem(code="geo-key-missing", sentence=said, field=field)
        return
    yield from key_problems(draft.geo_key, draft, index, around, None, field="geo_key")
    vault = index.vault_of(draft.geo_key)
    if vault is not None and fold(vault.location) == fold(target.location):
        said = f"{vault.name} lies in {target.location} too: the second key must lie in the paired region."
        yield Problem(code="geo-region", sentence=said, field="geo_key")
    yield from _usable(draft.geo_identity, index, around, target, field="geo_identity")
    if fold(draft.geo_identity) == fold(identity_of(draft, target) or ""):
        said = (
            f"{last(draft.geo_identity)} is the identity of the first key already: the second key is used by another one, "
            "in the paired region."
        )
        yield Problem(code="geo-identity", sentence=said, field="geo_identity")


def _grants(draft: AttachDraft, index: Index, target: Target) -> list[Grant]:
    """What the identities must be able to do, whether they can already or not."""
    pairs: list[tuple[KeyId | None, str | None, str]] = []
    if draft.service == SINGLE:
        pairs.append((draft.key, _own(target), target.name))
    else:
        identity_id = identity_of(draft, target)
        if identity_id is not None:
            new = draft.create_identity is not None
            principal = identity_id if new else _principal(index, target, identity_id)
            pairs.append((draft.key, principal, last(identity_id)))
        if draft.geo_identity is not None:
            pairs.append((draft.geo_key, _principal(index, target, draft.geo_identity), last(draft.geo_identity)))
    facts = service(draft.service)
    found = []
    for key, principal, who in pairs:
        vault = index.vault_of(key) if key else None
        if key is not None and vault is not None and principal is not None:
            found.append(
                Grant(
                    vault=vault,
                    key=key,
                    principal=principal,
                    who=who,
                    role=facts.role,
                    permissions=facts.needs.permissions,
                )
            )
    return found


def _own(target: Target) -> str | None:
    return next((one.principal_id for one in target.identities if one.resource_id is None), None)


def _principal(index: Index, target: Target, identity_id: str) -> str | None:
    found = index.identity_of(identity_id)
    if found is not None and not found.system_assigned:
        return found.principal_id
    carried = (one for one in target.identities if one.resource_id and fold(one.resource_id) == fold(identity_id))
    return next((one.principal_id for one in carried), None)
