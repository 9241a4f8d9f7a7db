"""Disable and enable versions of keys, change what they may be used for, and whether keys rotate by themselves."""

from cmk_admin.cloud import key_changes, keys
from cmk_admin.cloud.session import Session
from cmk_admin.domain.ids import KeyId, parse_key_id
from cmk_admin.domain.steps import Json, Step
from cmk_admin.operations.executors.base import Accepted, AtOnce, Look, compare


def _key(session: Session, step: Step) -> KeyId:
    return parse_key_id(step.target, vault_suffixes=session.names.vault_suffixes)


class SetEnabled(AtOnce):
    """PATCH of one version's `enabled`, and of nothing else."""

    async def look(self, session: Session, step: Step) -> Look:
        version = await keys.get_version(session, _key(session, step))
        return compare(step, {"enabled": version.enabled})

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        assert step.after is not None, "a version cannot be deleted"
        await keys.set_enabled(session, _key(session, step), bool(step.after["enabled"]))
        return Accepted()


class SetOperations(AtOnce):
    """PATCH of one version's `key_ops`, and of nothing else."""

    async def look(self, session: Session, step: Step) -> Look:
        found = await key_changes.get_operations(session, _key(session, step))
        operations: list[Json] | None = None if found is None else list(found)
        return compare(step, {"operations": operations})

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        wanted = (step.after or {}).get("operations")
        assert isinstance(wanted, list), "what a version may be used for is a list, and may be an empty one"
        await key_changes.set_operations(session, _key(session, step), [str(one) for one in wanted])
        return Accepted()


class SetRotation(AtOnce):
    """PUT of a key's rotation policy as a whole."""

    async def look(self, session: Session, step: Step) -> Look:
        return compare(step, await key_changes.get_rotation(session, _key(session, step)))

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        assert step.after is not None, "a rotation policy cannot be deleted"
        await key_changes.set_rotation(session, _key(session, step), step.after)
        return Accepted()
