"""Durations, dates, states and kinds as people say them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cmk_admin.domain.errors import FailureKind
from cmk_admin.domain.ids import is_management_group, last, subscription_of

if TYPE_CHECKING:
    # The strip, which is painted first, needs words and none of these
    from cmk_admin.domain.access import AccessPath
    from cmk_admin.domain.index import Index
    from cmk_admin.domain.model import Coverage, Key
    from cmk_admin.domain.plan import PlannedPath

ITSELF = "the key itself"
"""How the path is called that stands for whoever gets at the key: it is as open as what the method shut."""
NOT_READ = "not read"
"""How the path is called of which nothing could be read."""
HOLDERS = "anybody who holds a grant"
"""Who goes by that path."""

_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))

STATES = {
    "enabled": "enabled",
    "disabled": "disabled",
    "expired": "expired",
    "not-yet-valid": "not yet valid",
    "deleted": "deleted",
    "unknown": "not known",
    "not-visible": "not visible",
    "unreachable": "unreachable",
    "forbidden": "forbidden",
    "unread": "not read",
}

PATH_KINDS = {
    "eligible": "may be opened by its principal itself",
    "copy": "to the same key material in another vault",
    "backup": "may take a backup of the key along",
}
"""What a path is that is not simply open now, by `PlannedPath.kind`."""

# hsmPlatform of a key's attributes (KVD keys/about-keys.md)
_PLATFORMS = {
    "0": "protected by software",
    "1": "protected by an HSM of FIPS 140-2 Level 2 (platform 1)",
    "2": "protected by an HSM of FIPS 140-2 Level 3 (platform 2)",
}

_KINDS = {
    FailureKind.FORBIDDEN: "forbidden",
    FailureKind.UNREACHABLE: "unreachable",
    FailureKind.THROTTLED: "throttled",
    FailureKind.FAILED: "failed",
    FailureKind.NOT_VISIBLE: "not visible",
}

_PROBLEMS = {
    "software-key": ("software key", "The key's material is not kept in an HSM. Only a new HSM key can change that."),
    "disabled-version-in-use": (
        "disabled version in use",
        "A service names a version that is disabled: it loses its data, or has lost them. Enable the version.",
    ),
    "vault-unreachable": (
        "vault unreachable",
        "The vault's own endpoint cannot be reached from here: as a rule its firewall does not let this address in.",
    ),
    "shared-identity": (
        "shared identity",
        "More than one service uses this identity: a revoke that removes its grant cuts all of them.",
    ),
    "inherited-grant": (
        "inherited grant",
        "The identity may use this key by a grant that was made above it. It reaches other keys too, and removing a "
        "grant on the key does not close it.",
    ),
    "group-grant": (
        "grant through a group",
        "The identity may use this key as a member of a group. Leaving the group can take 24 hours to count.",
    ),
    "unused-grant": (
        "unused grant",
        "A managed identity may use this key although no service that could be seen uses it as that identity.",
    ),
    "not-visible": (
        "not visible",
        "A service uses a key of a vault that this account cannot see. Ask for Reader on the vault's subscription.",
    ),
}

_SCOPES = {"vaults": "vault", "keys": "key", "diskencryptionsets": "disk encryption set", "managedclusters": "cluster"}


def count(number: int, one: str, many: str | None = None) -> str:
    """``1 key``, ``2 keys``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(names: Sequence[str], joined: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return f" {joined} ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else "".join(names)


def duration(seconds: float | None) -> str:
    """``45 seconds``, ``10 minutes``, ``1 hour 5 minutes``, ``3 days``; None: ``no time documented``."""
    if seconds is None:
        return "no time documented"
    left = max(0, round(seconds))
    for at, (unit, size) in enumerate(_UNITS):
        if left >= size:
            whole, rest = divmod(left, size)
            finer = _UNITS[at + 1] if at + 1 < len(_UNITS) else None
            more = rest // finer[1] if finer else 0
            return count(whole, unit) + (f" {count(more, finer[0])}" if finer and more else "")
    return "0 seconds"


def stopwatch(seconds: float) -> str:
    """A running time: ``7:12``, ``1:02:03``."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def ago(then: datetime | None, now: datetime) -> str:
    """``just now``, ``3 minutes ago``, ``2 days ago``, ``12 March 2026``; None: ``never``."""
    if then is None:
        return "never"
    seconds = (now - then).total_seconds()
    if seconds < 5:
        return "just now"
    for unit, size in _UNITS:
        if seconds >= size:
            whole = int(seconds // size)
            return date(then) if unit == "day" and whole > 30 else f"{count(whole, unit)} ago"
    return "just now"


def date(when: datetime | None) -> str:
    """``12 March 2026``; None: ``not known``."""
    return f"{when.day} {when:%B %Y}" if when else "not known"


def exact(when: datetime | None) -> str:
    """``2026-03-12 09:30:15 UTC``."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if when else "not known"


def expiry(expires: datetime | None, now: datetime) -> str:
    """``does not expire``, ``expires in 12 days``, ``expired 3 days ago``."""
    if expires is None:
        return "does not expire"
    seconds = (expires - now).total_seconds()
    if seconds <= 0:
        return f"expired {ago(expires, now)}"
    if seconds > 365 * 86400:
        return f"expires on {date(expires)}"
    return f"expires in {duration(seconds if seconds < 86400 else seconds // 86400 * 86400)}"


def key_type(key: Key) -> str:
    """``RSA-HSM 2048``, ``EC P-256``; ``type not known``."""
    if key.key_type is None:
        return "type not known"
    detail = key.curve or (str(key.size) if key.size else "")
    return f"{key.key_type} {detail}".rstrip()


def state(word: str | None) -> str:
    """A state of `mapping.state_of` in words: ``not yet valid``. Azure's own words stay as they are."""
    return STATES.get(word, word) if word else STATES["unknown"]


def hsm_platform(key: Key) -> str:
    """What protects the key's material, in words."""
    if key.hsm_platform is not None:
        return _PLATFORMS.get(key.hsm_platform, f"HSM platform {key.hsm_platform}")
    if key.key_type is None:
        return "not known"
    return "protected by an HSM" if key.key_type.upper().endswith("-HSM") else "protected by software"


def recovery_level(level: str | None) -> str:
    """What happens to the key when it is deleted, in words (DeletionRecoveryLevel, as azure-keyvault-keys describes it)."""
    if level is None:
        return "not known"
    base, *more = level.split("+")
    if base == "Purgeable":
        return "gone for good when it is deleted"
    kept = "for 90 days" if base == "Recoverable" else "for the vault's 7 to 89 days"
    if "Purgeable" in more:
        return f"recoverable {kept} after it is deleted, unless somebody purges it before"
    also = "; the subscription cannot be cancelled meanwhile" if "ProtectedSubscription" in more else ""
    return f"recoverable {kept} after it is deleted, cannot be purged before{also}"


def scope(index: Index | None, scope_id: str) -> str:
    """``key mysql-encryption-key``, ``vault dcc-premium``, ``subscription Payments``.

    Without an index a subscription is called by its id.
    """
    if scope_id in ("/", ""):
        return "the whole tenant"
    if scope_id.startswith("https://"):
        _, found, name = scope_id.rpartition("/keys/")
        return f"key {name}" if found else f"vault {scope_id.removeprefix('https://')}"
    name = last(scope_id)
    if is_management_group(scope_id):
        return f"management group {name}"
    parts = scope_id.strip("/").lower().split("/")
    if len(parts) == 2:
        subscription = index.subscription(subscription_of(scope_id) or "") if index is not None else None
        return f"subscription {subscription.name if subscription else name}"
    if len(parts) == 4 and parts[2] == "resourcegroups":
        return f"resource group {name}"
    kind = _SCOPES.get(parts[-2], parts[-2])
    return f"{kind} {name}"


def scope_in_full(index: Index | None, scope_id: str) -> str:
    """As `scope`, where a name alone would not tell: ``key spare-key of ws-premium``."""
    vault_id, found, _ = scope_id.rpartition("/keys/")
    vault = last(vault_id).partition(".")[0]  # of an address the first label: it is the vault's name
    return f"{scope(index, scope_id)} of {vault}" if found else scope(index, scope_id)


def via(index: Index, one: AccessPath) -> str:
    """How a path goes, without where it starts: ``group Payments-Ops → role Key Vault Crypto User``."""
    if one.unread:
        return NOT_READ
    if one.policy is not None:
        what = "access policy"
        if one.policy.application_id:
            what += f" together with application {who(index, one.policy.application_id)}"
    else:
        role = one.role.name if one.role else None
        what = f"role {role}" if role else "a role that could not be read"
        if one.eligibility is not None:
            what += " that may be activated"
    return f"group {who(index, one.group_id)} → {what}" if one.group_id else what


def path(index: Index, one: AccessPath) -> str:
    """A path in one line: ``group Payments-Ops → role Contributor → subscription Payments``."""
    return f"{via(index, one)} → {scope(index, one.scope)}"


def planned_path(one: PlannedPath) -> str:
    """``dcc-mysql-id by role Key Vault Crypto User at vault dcc-premium``; of one that was not read, what is not known."""
    if one.via == NOT_READ:
        return f"whether {path_holder(one)} can use it could not be read at {scope_in_full(None, one.scope)}"
    by = "" if one.via == ITSELF else f" by {one.via}"
    return f"{path_holder(one)}{by} at {scope_in_full(None, one.scope)}"


def path_holder(one: PlannedPath) -> str:
    """Who goes by a planned path: ``dcc-mysql-id``."""
    return HOLDERS if one.via == ITSELF else one.principal_name or one.principal or "anybody"


def closed_with(opened: int, unknown: int) -> str:
    """What a closed incident is called while paths are open or not known: ``Closed with 1 path open``."""
    return f"Closed with {count(opened, 'path')} open" if opened else f"Closed with {count(unknown, 'path')} not known"


def who(index: Index, object_id: str) -> str:
    """A principal's name, or its shortened object id."""
    return index.name_of(object_id) or shortened(object_id, 13) or "somebody"


def shortened(text: str, length: int = 24) -> str:
    """A long id with its middle left out."""
    if len(text) <= length:
        return text
    head = (length - 1) // 2
    return f"{text[:head]}…{text[-(length - 1 - head) :]}"


def problem(code: str) -> str:
    """A problem code in a few words: ``software key``."""
    return _PROBLEMS[code][0] if code in _PROBLEMS else code.replace("-", " ")


def problem_help(code: str) -> str:
    """What it means and what to do about it, one or two sentences."""
    return _PROBLEMS[code][1] if code in _PROBLEMS else ""


def failure(kind: FailureKind) -> str:
    """Why something could not be read, in a word or two."""
    return _KINDS.get(kind, kind.value.replace("_", " "))


def coverage(found: Coverage) -> str:
    """``14 of 16 subscriptions read, 2 vaults unreachable``; it never says that nothing else exists."""
    parts = [f"{found.subscriptions_read} of {count(found.subscriptions_listed, 'subscription')} read"]
    for kind in _KINDS:
        scopes = [one.scope for one in found.problems if one.kind is kind]
        vaults = sum(_is_vault(one) for one in scopes)
        if vaults:
            parts.append(f"{count(vaults, 'vault')} {failure(kind)}")
        if others := len(scopes) - vaults:
            parts.append(
                f"{others} other {failure(kind)}"
                if vaults
                else count(others, f"place {failure(kind)}", f"places {failure(kind)}")
            )
    if not found.finished:
        parts.append("still reading")
    return ", ".join(parts)


def _is_vault(scope_id: str) -> bool:
    return "/vaults/" in scope_id.lower() or ("." in scope_id and "/" not in scope_id)
