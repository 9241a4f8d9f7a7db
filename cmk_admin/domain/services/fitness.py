"""Whether a key, in its vault, is what a service asks for (`Service.needs`; `Service.source` names its document).

What is not known of a key or a vault is said as a warning: it is neither refused nor ever counted as fine.
"""

from collections.abc import Iterator
from datetime import datetime

from cmk_admin.domain.model import Key, KeyVersion, Vault
from cmk_admin.domain.problems import Problem
from cmk_admin.domain.services.facts import Service
from cmk_admin.domain.services.requirements import Verdict
from cmk_admin.domain.surroundings import Target
from cmk_admin.domain.words import exact, listed


def fits(
    service: Service,
    key: Key,
    vault: Vault,
    *,
    now: datetime,
    target: Target | None = None,
    version: str | None = None,
    tenant_id: str | None = None,
) -> tuple[Problem, ...]:
    """What a service would say of a key, in the order in which a person can do something about it; empty: it takes it.

    `now` is aware, UTC. With `target` its region is compared, with `tenant_id` (that of the service) its tenant.
    `version` judges that version instead of the current one. What blocks is what the documents agree on; what they
    contradict each other about, advise against or do not say only warns. Codes end in ``-unknown`` where it was not read.
    """
    found = (
        *_key_problems(service, key),
        *_state_problems(service, key, version, now),
        *_vault_problems(service, vault),
    )
    return (*found, *_place_problems(service, vault, target, tenant_id))


def is_fit(problems: tuple[Problem, ...]) -> bool:
    """Whether nothing among these forbids the use of the key; warnings may be left."""
    return not any(one.blocks for one in problems)


def _key_problems(service: Service, key: Key) -> Iterator[Problem]:
    """Type, size and operations."""
    needs, name = service.needs, key.id.name
    if key.key_type is None:
        yield _unknown("key-type", "key_type", f"The type of “{name}” could not be read", _takes(service))
    elif key.key_type.upper() not in needs.key_types:
        yield Problem(
            code="key-type",
            sentence=f"“{name}” is of type {key.key_type}; {_takes(service)}: create a key of such a type.",
            field="key_type",
        )
    elif key.size is None:
        yield _unknown("key-size", "size", f"The size of “{name}” could not be read", _takes_sizes(service))
    elif key.size not in needs.sizes:
        yield Problem(
            code="key-size",
            sentence=f"“{name}” has {key.size} bits; {_takes_sizes(service)}: create a key of such a size.",
            field="size",
        )
    yield from _operation_problems(service, key)


def _operation_problems(service: Service, key: Key) -> Iterator[Problem]:
    needed = service.needs.operations
    why = f"{service.title} calls {listed(needed)}"
    if key.operations is None:
        yield _unknown("key-operations", "operations", f"What “{key.id.name}” allows could not be read", why)
        return
    allowed = {one.lower() for one in key.operations}
    missing = tuple(one for one in needed if one.lower() not in allowed)
    if missing:
        yield Problem(
            code="key-operations",
            sentence=f"“{key.id.name}” does not allow {listed(missing, 'or')}, and {why}: allow it at the key, or choose"
            " another one.",
            field="operations",
        )


def _state_problems(service: Service, key: Key, version: str | None, now: datetime) -> Iterator[Problem]:
    """Version, enabled or not, and the two dates."""
    judged = _judged(key, version)
    if judged is None:
        named = (
            f"Version {version} of “{key.id.name}”" if version else f"The version of “{key.id.name}” that would be used"
        )
        if version is None and service.needs.versionless:
            yield _unknown("key-state", "key", f"The state of “{key.id.name}” could not be read", "it must be enabled")
        else:
            yield _unknown("no-version", "key", f"{named} could not be read", f"{service.title} is given one version")
        return
    if judged.enabled is None:
        yield _unknown(
            "key-state",
            "key",
            f"Whether “{key.id.name}” is enabled could not be read",
            f"{service.title} needs it enabled",
        )
    elif not judged.enabled:
        yield Problem(
            code="key-disabled",
            sentence=f"“{key.id.name}” is disabled, and a disabled key refuses {service.title}: enable it first.",
            field="key",
        )
    yield from _date_problems(service, key.id.name, judged, now)


def _date_problems(service: Service, name: str, judged: Key | KeyVersion, now: datetime) -> Iterator[Problem]:
    if judged.not_before is not None and judged.not_before > now:
        yield Problem(
            code="not-yet-valid",
            sentence=f"“{name}” may be used only from {exact(judged.not_before)}, and Key Vault lets nobody wrap or encrypt"
            " with it before: wait, or take its activation date away.",
            field="not_before",
        )
    if judged.expires is None:
        return
    if judged.expires <= now:
        if service.needs.expired is not Verdict.FINE:
            yield Problem(
                code="expired",
                sentence=f"“{name}” expired on {exact(judged.expires)}, and Key Vault lets nobody wrap or encrypt with an"
                " expired key: set a later expiry or none, or choose another key.",
                field="expires",
                blocks=service.needs.expired is Verdict.REFUSED,
            )
    elif service.needs.expiry is not Verdict.FINE:
        refused = service.needs.expiry is Verdict.REFUSED
        follows = (
            f"{service.title} takes only keys without an expiry: take it away, or choose another key."
            if refused
            else f"{service.title} may stop on that day: {service.needs.expiry_why}; take the expiry away, or plan a new one."
        )
        yield Problem(
            code="has-expiry",
            sentence=f"“{name}” expires on {exact(judged.expires)}, and {follows}",
            field="expires",
            blocks=refused,
        )


def _vault_problems(service: Service, vault: Vault) -> Iterator[Problem]:
    """Purge protection, retention, firewall."""
    needs = service.needs
    if not vault.purge_protection and needs.no_purge_protection is not Verdict.FINE:
        refused = needs.no_purge_protection is Verdict.REFUSED
        asks = "takes keys only from a vault that has it" if refused else "is advised to use a vault that has it"
        yield Problem(
            code="no-purge-protection",
            sentence=f"Vault {vault.name} has no purge protection, and {service.title} {asks}, since a purged key is lost"
            " with all data: turn it on (that cannot be taken back), or choose another vault.",
            field="key",
            blocks=refused,
        )
    yield from _retention_problems(service, vault)
    restricted = vault.default_deny or not vault.public_access
    if restricted and not vault.trusted_bypass and needs.closed_firewall is not Verdict.FINE:
        yield Problem(
            code="firewall",
            sentence=f"Vault {vault.name} lets only chosen networks in and trusted Azure services not, so that"
            f" {service.title} cannot reach the key: allow trusted services through its firewall.",
            field="key",
            blocks=needs.closed_firewall is Verdict.REFUSED,
        )
    elif restricted and needs.any_firewall is not Verdict.FINE:
        yield Problem(
            code="firewall",
            sentence=f"Vault {vault.name} lets only chosen networks and trusted Azure services in, and Azure's documents"
            f" contradict each other about {service.title} being one: open the vault to all networks, or try it where"
            " it may fail.",
            field="key",
            blocks=needs.any_firewall is Verdict.REFUSED,
        )


def _retention_problems(service: Service, vault: Vault) -> Iterator[Problem]:
    wanted = service.needs.retention_days
    if wanted is None:
        return
    why = f"{service.title} takes keys only from a vault that keeps deleted keys {wanted} days"
    if vault.soft_delete_days is None:
        yield _unknown("retention", "key", f"How long vault {vault.name} keeps deleted keys could not be read", why)
    elif vault.soft_delete_days != wanted:
        yield Problem(
            code="retention",
            sentence=f"Vault {vault.name} keeps deleted keys {vault.soft_delete_days} days, and {why}; that is fixed when"
            " a vault is made: choose another vault.",
            field="key",
        )


def _place_problems(service: Service, vault: Vault, target: Target | None, tenant_id: str | None) -> Iterator[Problem]:
    """Tenant and region."""
    if tenant_id is not None and vault.tenant_id.lower() != tenant_id.lower():
        yield Problem(
            code="tenant",
            sentence=f"Vault {vault.name} belongs to another tenant ({vault.tenant_id}), and {service.title} uses only"
            " keys of its own tenant: choose a vault of this tenant.",
            field="key",
        )
    verdict = service.needs.other_region
    if target is None or verdict is Verdict.FINE or _region(vault.location) == _region(target.location):
        return
    refused = verdict is Verdict.REFUSED
    follows = (
        f"{service.title} takes only keys of its own region: choose a vault there."
        if refused
        else f"Azure's documents do not agree on whether {service.title} may use it: a vault of its own region is safe."
    )
    yield Problem(
        code="region",
        sentence=f"Vault {vault.name} lies in {vault.location} and {target.name} in {target.location}; {follows}",
        field="key",
        blocks=refused,
    )


def _judged(key: Key, version: str | None) -> Key | KeyVersion | None:
    """What tells the state: the version where it was read, the key where it is its current one; else None."""
    wanted = (version or key.current_version or "").lower()
    if not wanted:
        return None
    for one in key.versions or ():
        if (one.id.version or "").lower() == wanted:
            return one
    return key if wanted == (key.current_version or "").lower() else None


def _unknown(code: str, field: str, what: str, why: str) -> Problem:
    return Problem(code=f"{code}-unknown", sentence=f"{what}, and {why}: look at it first.", field=field, blocks=False)


def _takes(service: Service) -> str:
    return f"{service.title} takes {listed(service.needs.key_types, 'or')}"


def _takes_sizes(service: Service) -> str:
    sizes = tuple(str(one) for one in service.needs.sizes)
    return f"{service.title} takes {listed(sizes, 'or')} bits"


def _region(name: str) -> str:
    """Azure spells a region ``West Europe`` and ``westeurope``."""
    return name.replace(" ", "").lower()
