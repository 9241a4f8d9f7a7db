"""Attach a key to the secrets of an AKS cluster in etcd.

Two engines do it (AKSD kms-data-encryption-concepts.md): the legacy one names a version of the key, the new one the key
itself, and cannot be switched off again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from cmk_admin.domain import kubernetes, words
from cmk_admin.domain.ids import KeyId, fold, last
from cmk_admin.domain.index import Index, guid
from cmk_admin.domain.model import Vault
from cmk_admin.domain.plan import Watch
from cmk_admin.domain.problems import Problem
from cmk_admin.domain.roles import CONTRIBUTOR, CRYPTO_USER, definition_id
from cmk_admin.domain.services import service
from cmk_admin.domain.services.fitness import fits
from cmk_admin.domain.steps import Json, Step
from cmk_admin.domain.surroundings import Surroundings, Target
from cmk_admin.domain.verbs import changes_aks, granting, making, rights
from cmk_admin.domain.verbs.attaching import AttachDraft, grant_problems, target_problems, versioned
from cmk_admin.domain.verbs.changes import UNLESS_KEPT
from cmk_admin.domain.verbs.changes_aks import ETCD, LEGACY, NEW, PRIVATE, PUBLIC
from cmk_admin.domain.verbs.granting import Grant

WRITE_CLUSTER = "Microsoft.ContainerService/managedClusters/write"
RUN_COMMAND = "Microsoft.ContainerService/managedClusters/runcommand/action"
READ_RESULT = "Microsoft.ContainerService/managedClusters/commandResults/read"
ENGINES = (LEGACY, NEW)
NETWORKS = (PUBLIC, PRIVATE)
NEW_SINCE = (1, 33)
"""The first Kubernetes with the new engine (AKSD kms-data-encryption.md)."""
_MANY_SINCE = (1, 27)
"""Before, at most 2,000 secrets can be encrypted (AKSD use-kms-v2.md)."""
FINAL = (
    "The new engine cannot be switched off again, nor changed for the legacy one: from then on the cluster cannot do "
    "without a key, and this step has no undo."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A draft with everything that it names found."""

    draft: AttachDraft
    target: Target
    vault: Vault
    key: KeyId
    """As the cluster will name it: with a version for the legacy engine alone."""
    engine: str
    network: str
    identity: str
    """Resource id of the cluster's user-assigned identity; '' without one."""

    @property
    def after(self) -> dict[str, Json]:
        """The settings that the draft asks for."""
        return changes_aks.etcd_facts(
            key=self.key,
            network=self.network,
            vault=self.vault.id if self.network == PRIVATE else None,
            identity=self.identity,
            new=self.engine == NEW,
        )

    @property
    def already(self) -> bool:
        """Whether the cluster has these settings."""
        had = self.target.settings
        return all(_folded(had.get(name)) == _folded(value) for name, value in self.after.items() if name != "identity")


def engine_of(draft: AttachDraft, target: Target | None) -> str:
    """The engine that a draft means: the chosen one, or the one that the cluster has, or the one that can be undone."""
    if draft.engine is not None:
        return draft.engine
    return NEW if target is not None and target.settings.get("engine") == NEW else LEGACY


def problems(draft: AttachDraft, index: Index, around: Surroundings) -> tuple[Problem, ...]:
    """What forbids it and what should be known before."""
    case, missing = _case(draft, index, around)
    if case is None:
        return missing
    found = list(target_problems(draft, index, around, write=WRITE_CLUSTER))
    found += [*_cluster(case), *_engine(case), *_network(case), *_identity(case), *_fitness(case, index, around)]
    found += _rights(case, index, around)
    grant = _grant(case)
    found += grant_problems([grant] if grant else [], index, around, case.target.id)
    found += _afterwards(case)
    if case.already and not draft.rewrite_secrets and not _grants(case, index):
        said = f"{case.target.name} encrypts its secrets with that key already: there is nothing to do."
        found.append(Problem(code="attached-already", sentence=said, field="key"))
    return tuple(found)


def steps(draft: AttachDraft, index: Index, around: Surroundings) -> tuple[Step, ...]:
    """The grants, then the cluster's settings, then the secrets where they are to be rewritten."""
    case, _ = _case(draft, index, around)
    if case is None:
        return ()
    found = list(_grants(case, index))
    if not case.already:
        said, undo = changes_aks.etcd_words(case.target.id, case.target.settings, case.after, case.key.name)
        found.append(
            making.set_consumer_key(
                case.target.id,
                dict(case.target.settings),
                case.after,
                words=said,
                undo_words=None if case.engine == NEW else undo,
                request=changes_aks.etcd_request(case.target.id, case.after),
                stage=1,
            )
        )
    if draft.rewrite_secrets:
        found.append(changes_aks.rewrite_secrets(case.target.id, stage=2))
    return tuple(found)


def watches(draft: AttachDraft, around: Surroundings) -> tuple[Watch, ...]:
    """None: Azure shows no state from which the loss of an etcd key could be seen. The step itself looks at the settings."""
    return ()


# One check each


def _case(draft: AttachDraft, index: Index, around: Surroundings) -> tuple[_Case | None, tuple[Problem, ...]]:
    target = around.target(draft.consumer) if draft.consumer else None
    if target is None:
        said = f"{last(draft.consumer)} could not be read as a cluster." if draft.consumer else "Choose the cluster."
        return None, (Problem(code="no-consumer", sentence=said, field="consumer"),)
    if draft.key is None:
        return None, (Problem(code="no-key", sentence="Choose the key.", field="key"),)
    vault, key = index.vault_of(draft.key), index.key(draft.key)
    if vault is None:
        said = f"The vault of {draft.key.name} cannot be seen by this account."
        return None, (Problem(code="no-key", sentence=said, field="key"),)
    engine = engine_of(draft, target)
    current = versioned(key) if key else None
    version = draft.key.version or (current.version if current else None)
    if engine == LEGACY and version is None:
        said = f"Which version {draft.key.name} has could not be read, and the legacy engine names one."
        return None, (Problem(code="no-version", sentence=said, field="key"),)
    named = replace(draft.key, version=version if engine == LEGACY else None)
    identity = _text(target, "identity") or ""
    return (
        _Case(
            draft=draft,
            target=target,
            vault=vault,
            key=named,
            engine=engine,
            network=draft.network or PUBLIC,
            identity=identity,
        ),
        (),
    )


def _cluster(case: _Case) -> Iterator[Problem]:
    yield from standing(case.target)
    if kubernetes.at_least(case.target.version, _MANY_SINCE) is False:
        said = f"{case.target.name} runs Kubernetes {case.target.version}, with which at most 2,000 secrets can be encrypted."
        yield Problem(code="few-secrets", sentence=said, field="consumer", blocks=False)


def standing(target: Target) -> Iterator[Problem]:
    """A cluster is changed only where nothing else changes it and it runs."""
    if (target.provisioning or "").lower() != "succeeded" and not target.busy:
        said = f"{target.name} is {target.provisioning or 'in a state that could not be read'}: wait until it is Succeeded."
        yield Problem(code="not-ready", sentence=said, field="consumer")
    if (target.state or "").lower() != "running":
        said = f"{target.name} is {target.state or 'in a power state that could not be read'}: start it first, since a "
        yield Problem(
            code="stopped", sentence=said + "cluster that does not run cannot be changed so.", field="consumer"
        )


def _engine(case: _Case) -> Iterator[Problem]:
    target = case.target
    if case.engine not in ENGINES:
        said = f"“{case.engine}” is no engine: it is {words.listed(list(ENGINES), 'or')}."
        yield Problem(code="engine", sentence=said, field="engine")
        return
    if case.engine == LEGACY:
        if target.settings.get("engine") == NEW:
            said = f"{target.name} uses the new engine already, and there is no way back to the legacy one."
            yield Problem(code="engine-final", sentence=said, field="engine")
        return
    newer = kubernetes.at_least(target.version, NEW_SINCE)
    since = ".".join(map(str, NEW_SINCE))
    if newer is False:
        said = (
            f"{target.name} runs Kubernetes {target.version}, and the new engine needs {since}: choose the legacy one."
        )
        yield Problem(code="engine-version", sentence=said, field="engine")
    elif newer is None:
        said = f"Which Kubernetes {target.name} runs could not be read, and the new engine needs {since}."
        yield Problem(code="engine-version-unknown", sentence=said, field="engine", blocks=False)
    if target.settings.get("engine") != NEW:
        yield Problem(code="engine-final", sentence=FINAL, field="engine", blocks=False)
    if target.settings.get("engine") == LEGACY:
        said = f"{target.name} uses the legacy engine now, and Azure documents no way from it to the new one: it may refuse."
        yield Problem(code="engine-change", sentence=said, field="engine", blocks=False)


def _network(case: _Case) -> Iterator[Problem]:
    vault, target = case.vault, case.target
    if case.network not in NETWORKS:
        said = f"“{case.network}” is no way to a vault: it is {words.listed(list(NETWORKS), 'or')}."
        yield Problem(code="network", sentence=said, field="network")
        return
    had = target.settings.get("network")
    if target.key is not None and had != case.network:
        said = f"{target.name} reaches its vault by {had}; that can be changed only by switching the encryption off and on."
        yield Problem(code="network-change", sentence=said, field="network")
    if case.network == PUBLIC and not vault.public_access:
        said = f"Vault {vault.name} is closed to public networks: choose Private, or another vault."
        yield Problem(code="network", sentence=said, field="network")
    if case.network == PRIVATE:
        if vault.public_access:
            said = f"Private is meant for a vault that is closed to public networks, and {vault.name} is not."
            yield Problem(code="network", sentence=said, field="network", blocks=False)
        if case.engine == LEGACY:
            said = (
                "The legacy engine reaches a private vault only from a cluster with API Server VNet Integration, and by "
                "a private endpoint of the vault in its network: see to both first."
            )
            yield Problem(code="network-private", sentence=said, field="network", blocks=False)


def _identity(case: _Case) -> Iterator[Problem]:
    if not case.identity:
        said = (
            f"{case.target.name} has no user-assigned identity, and the key management service works with no other: give "
            "the cluster one first (az aks update --enable-managed-identity --assign-identity ID)."
        )
        yield Problem(code="system-identity", sentence=said, field="consumer")
        return
    wanted = case.draft.identity
    if case.draft.create_identity is not None or (wanted and fold(wanted) != fold(case.identity)):
        said = f"{case.target.name} uses its own identity {last(case.identity)} for it; no other can be chosen."
        yield Problem(code="identity", sentence=said, field="identity")


def _fitness(case: _Case, index: Index, around: Surroundings) -> Iterator[Problem]:
    key = index.key(case.key)
    if key is None:
        said = f"{case.key.name} was not read in {case.vault.name}: it may not exist."
        yield Problem(code="no-key", sentence=said, field="key", blocks=case.vault.problem is None)
        return
    tenant = index.estate.account.tenant_id
    for one in fits(
        service(ETCD), key, case.vault, now=around.now, target=case.target, version=case.key.version, tenant_id=tenant
    ):
        # A private vault is closed on purpose; by a private endpoint it is reached past the firewall
        closed = one.code == "firewall" and case.network == PRIVATE
        if not (closed and (case.engine == LEGACY or not one.blocks)):
            yield one


def _rights(case: _Case, index: Index, around: Surroundings) -> Iterator[Problem]:
    """Beyond those on the cluster and the key."""
    if case.draft.rewrite_secrets:
        yield from may_run(around, case.target, field="rewrite_secrets")
    if any((step.after or {}).get("scope") == case.vault.id for step in _grants(case, index)):
        found = rights.missing(
            around, rights.WRITE_ASSIGNMENTS, case.vault.id, f"assign roles on {case.vault.name}", field="key"
        )
        if found is not None:
            yield found


def may_run(around: Surroundings, cluster: Target, *, field: str) -> Iterator[Problem]:
    """The account's right to have a cluster run a command, and to read how it ended."""
    for action in (RUN_COMMAND, READ_RESULT):
        found = rights.missing(around, action, cluster.id, f"run commands in {cluster.name}", field=field)
        if found is not None:
            yield found
            return


def _afterwards(case: _Case) -> Iterator[Problem]:
    """What becomes of the secrets that exist, and of the key of before."""
    target, had = case.target, case.target.key
    if case.already:
        return
    if had is not None:
        said = (
            f"AKS keeps the former key beside the new one until the next change of key: keep {had} enabled and granted "
            "until then, and for backups of the cluster as long as you may restore them."
        )
        yield Problem(code="former-key", sentence=said, field="key", blocks=False)
    if case.engine == LEGACY and not case.draft.rewrite_secrets:
        held = "encrypted with the former key" if had else "as they are"
        said = f"Secrets that exist stay {held} until each is written again: have them rewritten, or do it yourself."
        yield Problem(code="not-rewritten", sentence=said, field="rewrite_secrets", blocks=False)
    said = (
        f"From then on the API server of {target.name} needs this key: with the key gone its secrets cannot be read, and "
        "scaling the nodes to 0 other than through AKS makes the cluster unrecoverable."
    )
    yield Problem(code="needs-key", sentence=said, field="key", blocks=False)


# Grants


def _grant(case: _Case) -> Grant | None:
    if not case.identity:
        return None
    needs = service(ETCD)
    return Grant(
        vault=case.vault,
        key=case.key.key,
        principal=_principal(case),
        who=last(case.identity),
        role=CRYPTO_USER,
        permissions=needs.needs.permissions,
    )


def _grants(case: _Case, index: Index) -> tuple[Step, ...]:
    """The grant on the key, and the role on the vault that reading it by its settings needs; undo keeps what is needed."""
    return tuple(replace(step, undo_words=f"{step.undo_words}{UNLESS_KEPT}") for step in _giving(case, index))


def _giving(case: _Case, index: Index) -> tuple[Step, ...]:
    grant = _grant(case)
    if grant is None:
        return ()
    steps = granting.steps(index, grant, stage=0)
    wider = case.engine == NEW or case.network == PRIVATE
    if not wider or _holds(index, grant.principal, case.vault.id):
        return steps
    role = definition_id(CONTRIBUTOR, case.vault.subscription_id)
    if role is None:
        raise ValueError(f"{CONTRIBUTOR} is built in")
    on_vault = making.create_assignment(
        index,
        scope=case.vault.id,
        role_definition_id=role,
        role_name=CONTRIBUTOR,
        principal=grant.principal,
        who=grant.who,
        stage=0,
    )
    return (*steps, on_vault)


def _holds(index: Index, principal: str, vault_id: str) -> bool:
    """Whether an identity has Key Vault Contributor on a vault: itself, or by a group that it is known to be in."""
    who = {principal.lower(), *index.group_ids_of(principal)}
    role = guid(definition_id(CONTRIBUTOR, "") or "")
    return any(
        one.principal_id.lower() in who and guid(one.role_definition_id) == role
        for one in index.assignments_over(vault_id)
    )


def _principal(case: _Case) -> str:
    """Object id of the cluster's identity; its ARM id where the cluster does not tell it."""
    found = (one.principal_id for one in case.target.identities if fold(one.resource_id or "") == fold(case.identity))
    return next(filter(None, found), case.identity)


def _text(target: Target, name: str) -> str | None:
    value = target.settings.get(name)
    return value if isinstance(value, str) else None


def _folded(value: Json) -> Json:
    return fold(value) if isinstance(value, str) else value
