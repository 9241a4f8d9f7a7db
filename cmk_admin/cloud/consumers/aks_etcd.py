"""Secrets of AKS clusters in etcd, encrypted by the key management service.

Sources: AKSD use-kms-etcd-encryption.md (the legacy engine), kms-data-encryption.md (the new one).
"""

from collections.abc import Mapping
from typing import Any

from cmk_admin.cloud import api, clusters, parse
from cmk_admin.cloud.consumers.related import ConsumerKind, Related, Settings, carried_by, carried_ids, slot_of
from cmk_admin.cloud.session import LongRunning, Session
from cmk_admin.cloud.signals import Signal, Switch
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import last
from cmk_admin.domain.model import Consumer
from cmk_admin.domain.steps import Json
from cmk_admin.domain.surroundings import Target
from cmk_admin.domain.verbs.changes_aks import NEW, PRIVATE, PUBLIC, etcd_facts

_TYPE = "microsoft.containerservice/managedclusters"
_PROFILE = ("properties", "securityProfile")
_KMS = "azureKeyVaultKms"
_OBJECTS = "kubernetesResourceObjectEncryptionProfile"
_INFRASTRUCTURE = "infrastructureEncryption"
_ENABLED = "Enabled"
_OURS = ("enabled", "keyId", "keyVaultNetworkAccess", "keyVaultResourceId")


async def consumers_of(
    session: Session, documents: list[Mapping[str, Any]], related: Related, urgent: bool
) -> list[Consumer]:
    """The clusters that encrypt their secrets with a key of the customer's, each with the cluster's own identity."""
    found = []
    for document in documents:
        kms = _kms(document)
        key_url = kms.get("keyId") if kms.get("enabled") is True else None
        slot = slot_of(document, "primary", key_url, clusters.identity_of(document), related)
        if slot is None:
            continue
        host = parse.text(parse.inside(document, "properties", "fqdn"))
        found.append(
            Consumer(
                **parse.envelope(document),
                service=KIND.service,
                carries=carried_ids(document),
                slots=(slot,),
                state=clusters.power_of(document) or clusters.provisioning(document),
                hosts=(host,) if host else (),
                tags=parse.tags(document.get("tags")),
            )
        )
    return found


async def signal(session: Session, consumer_id: str) -> Signal:
    """The cluster's power state. Azure shows nowhere whether etcd can be decrypted, so that it never says lost or not.

    Asking Kubernetes itself would mean to read every secret, and its cache would answer long after the key is gone.
    Raises AzureFailure.
    """
    document = await clusters.get(session, consumer_id)
    word = clusters.power_of(document) or clusters.provisioning(document) or "unknown"
    return Signal(word=word, lost=None, at=session.clock.now(), silent=True)


async def switch(session: Session, cluster_id: str) -> Switch:
    """Whether the cluster, control plane and nodes, is started (urgent). Raises AzureFailure."""
    document = await clusters.get(session, cluster_id)
    word = clusters.power_of(document) or "unknown"
    running = {"running": True, "stopped": False}.get(word.lower())
    return Switch(word=word, running=running, busy=clusters.is_busy(document))


async def stop(session: Session, cluster_id: str) -> tuple[LongRunning, ...]:
    """Stop the cluster with its control plane, which reads etcd (AKSD start-stop-cluster.md). A write, urgent.

    Raises AzureFailure.
    """
    return await _power(session, cluster_id, "stop")


async def start(session: Session, cluster_id: str) -> tuple[LongRunning, ...]:
    """Start it again (a write, urgent). Raises AzureFailure."""
    return await _power(session, cluster_id, "start")


async def _power(session: Session, cluster_id: str, action: str) -> tuple[LongRunning, ...]:
    reply = await session.arm("POST", f"{cluster_id}/{action}", api_version=api.MANAGED_CLUSTERS, urgent=True)
    started = session.long_running(reply)
    return () if started is None else (started,)


async def target(session: Session, cluster_id: str) -> Target:
    """The cluster with its etcd settings, from its provider. Raises AzureFailure."""
    return shown(await clusters.get(session, cluster_id))


async def set_key(session: Session, cluster_id: str, after: Settings, found: Target | None) -> LongRunning | None:
    """Make the etcd settings what `after` says (`etcd_facts`), under the cluster's etag.

    Of the cluster's JSON one path changes: properties.securityProfile.azureKeyVaultKms. The new engine is asked for beside
    it, once (kubernetesResourceObjectEncryptionProfile, as az sends both: AKSD kms-data-encryption.md).

    A write, urgent, never retried. `found` is the target that was looked at: settings that are different by now are not
    overwritten. Raises AzureFailure.
    """
    document = await clusters.get(session, cluster_id)
    now = settings_of(document)
    if found is not None and dict(found.settings) != now:
        raise AzureFailure(
            FailureKind.CONFLICT,
            f"The etcd encryption of {last(cluster_id)} was changed by somebody else in the same moment; "
            "nothing was written.",
            subject=cluster_id,
            next="Look at it and plan again.",
        )
    changed = clusters.changed_at(document, (*_PROFILE, _KMS), kms_block(after, _kms(document)))
    if after.get("engine") == NEW and not _is_new(document):
        changed = clusters.changed_at(changed, (*_PROFILE, _OBJECTS, _INFRASTRUCTURE), _ENABLED)
    return await clusters.put(session, document, changed)


def settings_of(document: Mapping[str, Any]) -> dict[str, Json]:
    """A cluster's etcd encryption in the words of its steps: see `etcd_facts`."""
    kms = _kms(document)
    on = kms.get("enabled") is True
    key = parse.key_id_of(kms.get("keyId")) if on else None
    network = parse.text(kms.get("keyVaultNetworkAccess")) or PUBLIC
    return etcd_facts(
        key=key,
        network=network if on else None,
        # for Public it means nothing, says the SDK, though AKSD kms-data-encryption.md names it there too
        vault=parse.text(kms.get("keyVaultResourceId")) if on and network == PRIVATE else None,
        identity=clusters.identity_of(document),
        new=_is_new(document) or (key is not None and key.version is None),
    )


def _kms(document: Mapping[str, Any]) -> Mapping[str, Any]:
    found = parse.inside(document, *_PROFILE, _KMS)
    return found if isinstance(found, Mapping) else {}


def _is_new(document: Mapping[str, Any]) -> bool:
    """Whether the new engine is on, with a key of the customer's or of the platform's."""
    return str(parse.inside(document, *_PROFILE, _OBJECTS, _INFRASTRUCTURE)).lower() == _ENABLED.lower()


def kms_block(after: Settings, present: Mapping[str, Any]) -> dict[str, Any]:
    """azureKeyVaultKms as Azure takes it: turned off, no key may be named; only Private names the vault.

    What else stands in the `present` one stays.
    """
    if after.get("key") is None:
        return {"enabled": False}
    network = after.get("network") or PUBLIC
    kept = {name: value for name, value in present.items() if name not in _OURS}
    body: dict[str, Any] = {**kept, "enabled": True, "keyId": after["key"], "keyVaultNetworkAccess": network}
    if network == PRIVATE:
        body["keyVaultResourceId"] = after.get("vault")
    return body


def shown(document: Mapping[str, Any]) -> Target:
    """The cluster with its etcd settings, as an envelope shows it."""
    settings = settings_of(document)
    identity = clusters.identity_of(document)
    key = parse.key_id_of(settings["key"])
    return Target(
        **parse.envelope(document),
        service=KIND.service,
        state=clusters.power_of(document),
        provisioning=clusters.provisioning(document),
        tier=parse.text(parse.inside(document, "sku", "tier")),
        version=clusters.version_of(document),
        identities=carried_by(document),
        key=key,
        key_identity=identity if key else None,
        settings=settings,
        busy=clusters.is_busy(document),
    )


KIND = ConsumerKind(
    service="aks-etcd",
    resource_type=_TYPE,
    api_version=api.MANAGED_CLUSTERS,
    consumers_of=consumers_of,
    signal=signal,
    switch=switch,
    stop=stop,
    start=start,
    target=target,
    set_key=set_key,
    shown=shown,
)
