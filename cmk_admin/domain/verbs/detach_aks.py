"""Take a key off the secrets of an AKS cluster in etcd, where the engine allows it."""

from cmk_admin.domain.problems import Problem
from cmk_admin.domain.steps import Step
from cmk_admin.domain.surroundings import Target
from cmk_admin.domain.verbs import changes_aks, making
from cmk_admin.domain.verbs.attach_aks_etcd import standing
from cmk_admin.domain.verbs.changes_aks import NEW


def problems(target: Target) -> tuple[Problem, ...]:
    """What forbids switching it off."""
    found = list(standing(target))
    if target.busy:
        said = f"{target.name} is being changed just now ({target.provisioning}): wait until that has ended."
        found.append(Problem(code="busy", sentence=said, field="consumer"))
    if target.settings.get("engine") == NEW:
        said = (
            f"{target.name} uses the new engine, which cannot be switched off again. Azure has a preview "
            "(KMSPMKPreview) that puts a key of the platform in the place of yours; this program does not use it."
        )
        found.append(Problem(code="engine-final", sentence=said, field="consumer"))
    return tuple(found)


def steps(target: Target) -> tuple[Step, ...]:
    """Switch it off, then write every secret again: until then each needs the key, and the grant on it."""
    if target.key is None or target.settings.get("engine") == NEW:
        return ()
    identity = target.settings.get("identity")
    after = changes_aks.etcd_facts(
        key=None, network=None, vault=None, identity=identity if isinstance(identity, str) else None, new=False
    )
    said, undo = changes_aks.etcd_words(target.id, target.settings, after, target.key.name)
    off = making.set_consumer_key(
        target.id,
        dict(target.settings),
        after,
        words=said,
        undo_words=undo,
        request=changes_aks.etcd_request(target.id, after),
        stage=0,
    )
    return (off, changes_aks.rewrite_secrets(target.id, stage=1))


def still_needed(target: Target) -> str:
    """What still needs the key after it was taken off."""
    key = str(target.key) if target.key else "the key"
    return (
        f"Secrets that were not written again since, and backups of the cluster, still need {key}: keep it enabled and "
        "granted, and neither delete it nor let it expire, also when the cluster names it no more (AKS asks for that)."
    )
