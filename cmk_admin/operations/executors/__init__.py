"""Step verbs against Azure: for each how its target is looked at, changed, and its own effect recognised."""

from collections.abc import Mapping

from cmk_admin.domain.steps import StepVerb
from cmk_admin.operations.executors.access_policies import SetPolicy
from cmk_admin.operations.executors.base import Accepted, Executor, Look, Seen
from cmk_admin.operations.executors.clusters import ApplyStorageClass, DeleteStorageClass, RewriteSecrets
from cmk_admin.operations.executors.consumers import Revalidate, SetConsumerKey, StartConsumer, StartNodes, StopConsumer
from cmk_admin.operations.executors.disk_sets import CreateDiskSet, DeleteDiskSet
from cmk_admin.operations.executors.identities import CreateIdentity, DeleteIdentity
from cmk_admin.operations.executors.key_versions import SetEnabled, SetOperations, SetRotation
from cmk_admin.operations.executors.keys import BackupKey, CreateKey, DeleteKey, RecoverKey
from cmk_admin.operations.executors.role_activation import ActivateRole
from cmk_admin.operations.executors.role_assignments import CreateAssignment, RemoveAssignment
from cmk_admin.operations.executors.role_eligibility import CreateEligibility, RemoveEligibility
from cmk_admin.operations.executors.vault_networks import SetNetwork

EXECUTORS: Mapping[StepVerb, Executor] = {
    StepVerb.REMOVE_ASSIGNMENT: RemoveAssignment(),
    StepVerb.CREATE_ASSIGNMENT: CreateAssignment(),
    StepVerb.ACTIVATE_ROLE: ActivateRole(),
    StepVerb.REMOVE_ELIGIBILITY: RemoveEligibility(),
    StepVerb.CREATE_ELIGIBILITY: CreateEligibility(),
    StepVerb.SET_POLICY: SetPolicy(),
    StepVerb.SET_ENABLED: SetEnabled(),
    StepVerb.SET_NETWORK: SetNetwork(),
    StepVerb.SET_OPERATIONS: SetOperations(),
    StepVerb.SET_ROTATION: SetRotation(),
    StepVerb.STOP_CONSUMER: StopConsumer(),
    StepVerb.START_CONSUMER: StartConsumer(),
    StepVerb.REVALIDATE: Revalidate(),
    StepVerb.START_NODES: StartNodes(),
    StepVerb.CREATE_KEY: CreateKey(),
    StepVerb.DELETE_KEY: DeleteKey(),
    StepVerb.RECOVER_KEY: RecoverKey(),
    StepVerb.BACKUP_KEY: BackupKey(),
    StepVerb.CREATE_IDENTITY: CreateIdentity(),
    StepVerb.DELETE_IDENTITY: DeleteIdentity(),
    StepVerb.SET_CONSUMER_KEY: SetConsumerKey(),
    StepVerb.CREATE_DISK_SET: CreateDiskSet(),
    StepVerb.DELETE_DISK_SET: DeleteDiskSet(),
    StepVerb.APPLY_STORAGE_CLASS: ApplyStorageClass(),
    StepVerb.DELETE_STORAGE_CLASS: DeleteStorageClass(),
    StepVerb.REWRITE_SECRETS: RewriteSecrets(),
}

__all__ = ["EXECUTORS", "Accepted", "Executor", "Look", "Seen"]
