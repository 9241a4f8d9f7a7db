"""Disable and enable versions of keys."""

from cmk_admin.cloud import keys
from cmk_admin.cloud.session import Session
from cmk_admin.domain.ids import parse_key_id
from cmk_admin.domain.steps import Step
from cmk_admin.operations.executors.base import Accepted, AtOnce, Look, compare


class SetEnabled(AtOnce):
    """PATCH of one version's `enabled`, and of nothing else."""

    async def look(self, session: Session, step: Step) -> Look:
        version = await keys.get_version(
            session, parse_key_id(step.target, vault_suffixes=session.names.vault_suffixes)
        )
        return compare(step, {"enabled": version.enabled})

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        assert step.after is not None, "a version cannot be deleted"
        key = parse_key_id(step.target, vault_suffixes=session.names.vault_suffixes)
        await keys.set_enabled(session, key, bool(step.after["enabled"]))
        return Accepted()
