"""What a cluster is asked to do by itself: make and delete a storage class, write its secrets anew."""

from typing import Any

from cmk_admin.cloud import clusters, parse, run_command
from cmk_admin.cloud.session import LongRunning, Session
from cmk_admin.domain.kubernetes import storage_class_yaml
from cmk_admin.domain.steps import Step
from cmk_admin.domain.verbs.changes_aks import parse_storage_class_target, storage_class_facts
from cmk_admin.operations.executors.base import Accepted, AtOnce, Look, Seen, compare


class _StorageClass(AtOnce):
    """Only the cluster itself knows its storage classes, so that each look is a command too and takes a while."""

    verifies = True

    async def look(self, session: Session, step: Step) -> Look:
        cluster_id, name = parse_storage_class_target(step.target)
        if busy := await _busy(session, cluster_id):
            return busy
        found = await run_command.storage_class(session, cluster_id, name)
        return compare(step, None if found is None else _facts(name, found))


class ApplyStorageClass(_StorageClass):
    """kubectl apply; what a class says cannot be changed later, so that another of the name is left alone."""

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        assert step.after is not None, "a storage class is made from its facts"
        cluster_id, name = parse_storage_class_target(step.target)
        yaml = storage_class_yaml(name, str(step.after["disk_set"]), sku=str(step.after["sku"]))
        return _accepted(await run_command.apply_storage_class(session, cluster_id, yaml))


class DeleteStorageClass(_StorageClass):
    """kubectl delete of a class that was made by the operation that is taken back."""

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        return _accepted(await run_command.delete_storage_class(session, *parse_storage_class_target(step.target)))


class RewriteSecrets(AtOnce):
    """kubectl get and replace of all secrets. Doing it once more changes nothing, so a look always says "to be done"."""

    async def look(self, session: Session, step: Step) -> Look:
        return await _busy(session, step.target) or Look(seen=Seen.BEFORE)

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        return _accepted(await run_command.rewrite_secrets(session, step.target))


async def _busy(session: Session, cluster_id: str) -> Look | None:
    """A cluster that is being changed runs no command; None: it is not."""
    document = await clusters.get(session, cluster_id)
    if not clusters.is_busy(document):
        return None
    return Look(seen=Seen.BUSY, difference=f"the cluster is {clusters.provisioning(document)}")


def _accepted(started: LongRunning | None) -> Accepted:
    return Accepted(long_running=() if started is None else (started,))


def _facts(name: str, found: dict[str, Any]) -> dict[str, Any]:
    """A class in the words of its step. Kubernetes keeps parameters as they were spelt, and Azure's driver takes any case."""
    given = found.get("parameters")
    parameters = {str(key).lower(): str(value) for key, value in given.items()} if isinstance(given, dict) else {}
    facts = storage_class_facts(name, parameters.get("diskencryptionsetid", ""), parameters.get("skuname", ""))
    return {**facts, "provisioner": parse.text(found.get("provisioner"))}
