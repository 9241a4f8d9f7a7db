"""Create a key: asks first what it is for, and sets type, size, operations and dates by what that service needs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cmk_admin.domain import words
from cmk_admin.domain.errors import FailureKind
from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Key, Vault
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.problems import Problem, blocking, warning
from cmk_admin.domain.services import SERVICES, service
from cmk_admin.domain.services.fitness import fits
from cmk_admin.domain.steps import Step
from cmk_admin.domain.surroundings import Surroundings
from cmk_admin.domain.verbs import making, rights

RSA_HSM, RSA = "RSA-HSM", "RSA"
TYPES = (RSA_HSM, RSA)
SIZES = (2048, 3072, 4096)
"""Bits of an RSA key (KVD keys/about-keys-details.md)."""
OPERATIONS = ("encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey", "import")
MOST_TAGS, LONGEST_TAG = 15, 256
"""Tags of a key, and characters of a tag's name or value (KVD general/about-keys-secrets-certificates.md)."""

_NAME = re.compile(r"[0-9A-Za-z-]{1,127}")
_NEW = "a new version"
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
"""Keys keep times as Unix seconds."""
CREATE, BACKUP = "create", "backup"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateKeyDraft:
    """What somebody wants made. None: as the purpose needs it (`filled`)."""

    vault_id: str = ""
    name: str = ""
    purpose: str = ""
    """A name of `domain.services`; empty: no service in particular."""
    key_type: str | None = None
    size: int | None = None
    """Bits."""
    operations: tuple[str, ...] | None = None
    not_before: datetime | None = None
    """Activation."""
    expires: datetime | None = None
    tags: tuple[tuple[str, str], ...] = ()
    backup: str | None = None
    """Path of the file that gets a backup right after the key was made."""


def filled(draft: CreateKeyDraft) -> CreateKeyDraft:
    """The draft with what its purpose needs wherever nothing was chosen: RSA-HSM 2048, wrapKey and unwrapKey for most."""
    needs = service(draft.purpose).needs
    return replace(
        draft,
        key_type=RSA_HSM if draft.key_type is None else draft.key_type,
        size=needs.sizes[0] if draft.size is None else draft.size,
        operations=tuple(sorted(needs.operations if draft.operations is None else draft.operations)),
    )


def keys_of(draft: CreateKeyDraft, index: Index) -> tuple[KeyId, ...]:
    """The id that the key would have; none while vault or name are missing."""
    vault = index.vault(draft.vault_id)
    return (KeyId(vault.host, draft.name),) if vault and _NAME.fullmatch(draft.name) else ()


def key_of(draft: CreateKeyDraft, vault: Vault) -> Key:
    """The key that a draft would make."""
    whole = filled(draft)
    return Key(
        id=KeyId(vault.host, whole.name),
        vault_id=vault.id,
        current_version=_NEW,
        key_type=whole.key_type,
        size=whole.size,
        operations=whole.operations,
        enabled=True,
        not_before=whole.not_before,
        expires=whole.expires,
        tags=tuple(sorted(whole.tags)),
    )


def problems(draft: CreateKeyDraft, index: Index, around: Surroundings) -> tuple[Problem, ...]:
    """What forbids the key and what should be known before it is made."""
    vault = index.vault(draft.vault_id)
    found = [*_name(draft, index, around, vault), *_dates(draft, around.now), *_choices(draft), *_tags(draft)]
    if vault is None:
        found.append(Problem(code="no-vault", sentence="Choose the vault that the key is made in.", field="vault_id"))
        return tuple(found)
    found += _vault(draft, vault)
    found += _rights(draft, index, vault, around)
    found += _purpose(draft, vault, around.now)
    if draft.backup is not None and around.file_problem is not None:
        found.append(Problem(code="backup-file", sentence=around.file_problem, field="backup"))
    return tuple(found)


def plan(draft: CreateKeyDraft, index: Index, around: Surroundings) -> Plan:
    """The key, then its backup where one is wanted: before the key is first used."""
    said = problems(draft, index, around)
    vault = index.vault(draft.vault_id)
    steps: list[Step] = []
    key_id = KeyId(vault.host if vault else "", draft.name)
    if vault is not None:
        steps.append(making.create_key(key_of(draft, vault)))
        if draft.backup is not None:
            steps.append(making.backup_key(key_id, draft.backup, stage=1))
    return Plan(
        verb="create-key",
        title=f"Create key {draft.name}" + (f" in {vault.name}" if vault else ""),
        subject=str(key_id) if vault else draft.name,
        steps=tuple(steps),
        warnings=(*warning(said), *around.unread),
        problems=blocking(said),
        context=(("key", str(key_id)), ("vault", vault.id)) if vault else (),
    )


def _name(draft: CreateKeyDraft, index: Index, around: Surroundings, vault: Vault | None) -> Iterator[Problem]:
    name = draft.name
    if not _NAME.fullmatch(name):
        said = (
            "Give the key a name."
            if not name
            else f"“{name}” is not a key's name: 1 to 127 letters, digits and dashes."
        )
        yield Problem(code="bad-name", sentence=said, field="name")
        return
    if vault is None:
        return
    if index.key(KeyId(vault.host, name)) is not None:
        users = words.listed([use.consumer.name for use in index.uses_of_key(KeyId(vault.host, name))])
        notice = f", which {users} would not notice or would follow unasked" if users else ""
        yield Problem(
            code="name-in-use",
            sentence=f"{vault.name} has a key “{name}” already: creating it again would make a new version of that key"
            f"{notice}. Choose another name, or rotate that key on purpose.",
            field="name",
        )
    elif around.deleted_keys is not None and name.lower() in around.deleted_keys:
        yield Problem(
            code="name-deleted",
            sentence=f"“{name}” is the name of a deleted key of {vault.name} that can still be recovered, so that it cannot "
            "be used again: recover that key, or choose another name.",
            field="name",
        )


def _dates(draft: CreateKeyDraft, now: datetime) -> Iterator[Problem]:
    start, end = draft.not_before, draft.expires
    if start is not None and start < _FIRST:
        said = f"The activation {words.exact(start)} is not a time that a key can keep: it counts from 1970."
        yield Problem(code="dates", sentence=said, field="not_before")
    if end is not None and end <= now:
        said = f"The expiry {words.exact(end)} has passed: nobody could wrap or encrypt with the key."
        yield Problem(code="expired", sentence=said, field="expires")
    elif end is not None and start is not None and end <= start:
        yield Problem(code="dates", sentence="The key would expire before it may be used.", field="expires")
    elif end is not None and not draft.purpose:
        yield Problem(
            code="has-expiry",
            sentence="After its expiry the key wraps and encrypts nothing more: a service that uses it can stop then. What "
            "was wrapped can still be unwrapped, so that an expiry takes nobody's access away either.",
            field="expires",
            blocks=False,
        )
    if start is not None and start > now and not draft.purpose:
        said = f"Until {words.exact(start)} nobody can wrap or encrypt with the key."
        yield Problem(code="not-yet-valid", sentence=said, field="not_before", blocks=False)


def _choices(draft: CreateKeyDraft) -> Iterator[Problem]:
    whole = filled(draft)
    if draft.purpose and draft.purpose not in SERVICES:
        yield Problem(code="purpose", sentence=f"“{draft.purpose}” is not a service that is known.", field="purpose")
    if whole.key_type not in TYPES:
        said = f"“{whole.key_type}” is not a type that services take: {RSA_HSM} or {RSA}."
        yield Problem(code="key-type", sentence=said, field="key_type")
    if whole.size not in SIZES:
        said = f"An RSA key has {words.listed([str(one) for one in SIZES], 'or')} bits, not {whole.size}."
        yield Problem(code="key-size", sentence=said, field="size")
    if not whole.operations:
        yield Problem(code="no-operations", sentence="Allow at least one operation.", field="operations")
    for one in whole.operations or ():
        if one not in OPERATIONS:
            said = f"“{one}” is not an operation of a key: {words.listed(list(OPERATIONS), 'or')}."
            yield Problem(code="unknown-operation", sentence=said, field="operations")


def _tags(draft: CreateKeyDraft) -> Iterator[Problem]:
    if len(draft.tags) > MOST_TAGS:
        yield Problem(code="tags", sentence=f"A key has at most {MOST_TAGS} tags.", field="tags")
    names = [name for name, _ in draft.tags]
    if len(set(names)) < len(names):
        yield Problem(code="tags", sentence="Each tag has a name of its own.", field="tags")
    if any(not name or len(name) > LONGEST_TAG or len(value) > LONGEST_TAG for name, value in draft.tags):
        said = f"A tag has a name, and name and value have at most {LONGEST_TAG} characters."
        yield Problem(code="tags", sentence=said, field="tags")


def _vault(draft: CreateKeyDraft, vault: Vault) -> Iterator[Problem]:
    if filled(draft).key_type == RSA_HSM and not vault.premium:
        yield Problem(
            code="vault-standard",
            sentence=f"{vault.name} is a Standard vault, which holds software keys only: choose a Premium vault for a key in "
            "an HSM, or the type RSA.",
            field="vault_id",
        )
    if filled(draft).key_type == RSA:
        yield Problem(
            code="software-key",
            sentence="A software key is not kept in an HSM, and cannot be moved into one later.",
            field="key_type",
            blocks=False,
        )
    if vault.problem is not None and vault.problem.kind in (FailureKind.UNREACHABLE, FailureKind.FORBIDDEN):
        yield Problem(
            code="vault-unreachable",
            sentence=f"Keys cannot be made in {vault.name} from here: {vault.problem.message}",
            field="vault_id",
        )


def _rights(draft: CreateKeyDraft, index: Index, vault: Vault, around: Surroundings) -> Iterator[Problem]:
    for what in (CREATE, *((BACKUP,) if draft.backup is not None else ())):
        missing = rights.missing_on_keys(index, vault, around, what, scope=vault.id)
        if missing is not None:
            yield missing


def _purpose(draft: CreateKeyDraft, vault: Vault, now: datetime) -> Iterator[Problem]:
    """What the service that it is for would say of it; and which others a choice rules out."""
    if draft.purpose not in SERVICES:
        return
    named = {"key": "vault_id"}
    for one in fits(SERVICES[draft.purpose], key_of(draft, vault), vault, now=now):
        # What is the vault's for good rules it out; the key itself may be as somebody wants it, with the sentence why not
        blocks = one.blocks and one.code in ("no-purge-protection", "retention")
        yield replace(one, field=named.get(one.field, one.field), blocks=blocks)
    if SERVICES[draft.purpose].retired:
        yield Problem(code="retired", sentence=SERVICES[draft.purpose].retired or "", field="purpose", blocks=False)
