"""What somebody fills in at a wizard, or types on the command line; each verb has its own."""

from cmk_admin.domain.verbs.attach import AttachDraft
from cmk_admin.domain.verbs.create_key import CreateKeyDraft
from cmk_admin.domain.verbs.detach import DetachDraft
from cmk_admin.domain.verbs.grant import GrantDraft
from cmk_admin.domain.verbs.repair import RepairDraft
from cmk_admin.domain.verbs.revalidate import RevalidateDraft

Draft = CreateKeyDraft | GrantDraft | AttachDraft | DetachDraft | RevalidateDraft | RepairDraft
