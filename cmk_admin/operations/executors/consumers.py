"""Give consumers their key, ask them to try it again, start their machines."""

from dataclasses import replace

from cmk_admin.cloud.consumers import CONSUMERS
from cmk_admin.cloud.session import Session
from cmk_admin.cloud.signals import Switch
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.steps import Step
from cmk_admin.domain.surroundings import Target
from cmk_admin.domain.verbs.changes import is_silent
from cmk_admin.operations.executors.base import LATE_SECONDS, Accepted, Look, Seen, compare

_NEVER = frozenset(
    {
        # This account may not, or nobody may
        "AuthorizationFailed",
        "LinkedAuthorizationFailed",
        "ScopeLocked",
        "ReadOnlyDisabledSubscription",
        "RequestDisallowedByPolicy",
        # The request itself, or the key as it is (DBD mysql/flexible-server/security-customer-managed-key.md)
        "InvalidParameterValue",
        "InvalidParameter",
        "AzureKeyVaultRsaKeyNotSupported",
        "AzureKeyVaultInvalidExpirationDate",
        "AzureKeyVaultMismatchError",
        "SecurityInvalidAzureKeyVaultRecoveryLevel",
        "KeyVaultNotPurgeProtectionEnabled",
        "KeyVaultAndDiskInDifferentRegions",
    }
)
"""Azure's codes that no waiting turns into a yes. Other refusals are the consumer's own, at a key that is yet to count."""


def _service(step: Step) -> str:
    return str((step.after or {}).get("service"))


class _Healing:
    """Writes on which a consumer uses its key, and is refused as long as the key is not given to it everywhere."""

    verifies = False

    def passes(self, failure: AzureFailure) -> bool:
        refused = failure.status is not None and 400 <= failure.status < 500
        kinds = (FailureKind.FAILED, FailureKind.FORBIDDEN, FailureKind.CONFLICT, FailureKind.UNREACHABLE)
        return refused and failure.kind in kinds and failure.azure_code not in _NEVER


class Revalidate(_Healing):
    """A write of the consumer's own encryption settings as they are, on which it tries its key again.

    Doing it once more than needed changes nothing, so a look always says "to be done".
    """

    async def look(self, session: Session, step: Step) -> Look:
        return Look(seen=Seen.BEFORE)

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        revalidate = CONSUMERS[_service(step)].revalidate
        if revalidate is None:
            raise _cannot(step, "be asked to try its key again")
        started = await revalidate(session, step.target)
        return Accepted(long_running=() if started is None else (started,))


class StartNodes(_Healing):
    """Start the machines of a node pool that stopped when their disks were lost."""

    async def look(self, session: Session, step: Step) -> Look:
        signal = await CONSUMERS[_service(step)].signal(session, step.target)
        return Look(seen=Seen.AFTER if signal.lost is False else Seen.BEFORE)

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        start = CONSUMERS[_service(step)].start_nodes
        if start is None:
            raise _cannot(step, "be started")
        return Accepted(long_running=await start(session, step.target))


class _Switch(_Healing):
    """Stop or start: the consumer itself must show it afterwards, Azure's yes is only the beginning."""

    verifies = True
    on = False

    async def look(self, session: Session, step: Step) -> Look:
        switch = await self._state(session, step)
        if switch.busy:
            return Look(seen=Seen.BUSY, difference=f"it is {switch.word}", found=switch)
        seen = Seen.AFTER if switch.running is self.on else Seen.BEFORE
        return Look(seen=seen, difference=f"it is {switch.word}", found=switch)

    async def _state(self, session: Session, step: Step) -> Switch:
        read = CONSUMERS[_service(step)].switch
        if read is None:
            raise _cannot(step, "be stopped or started by itself")
        return await read(session, step.target)


class StopConsumer(_Switch):
    """Stop a service at once. One that lost its key already cannot be stopped, and serves nobody."""

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        if isinstance(look.found, Switch) and look.found.lost:
            return _lost_already(look.found)
        stop = CONSUMERS[_service(step)].stop
        if stop is None:
            raise _cannot(step, "be stopped")
        try:
            return Accepted(long_running=await stop(session, step.target))
        except AzureFailure as failure:
            # what cuts it off may have counted between the look and this, and then Azure stops it no more
            if failure.kind is FailureKind.CONFLICT and (now := await self._state(session, step)).lost:
                return _lost_already(now)
            raise

    def passes(self, failure: AzureFailure) -> bool:
        return False


def _lost_already(switch: Switch) -> Accepted:
    return Accepted(already=f"It is {switch.word} and serves nobody; there was nothing to stop.")


class StartConsumer(_Switch):
    """Start it again. A server asks for its key as it starts: it may come up without it, and is revalidated then."""

    on = True

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        now = await self._state(session, step)
        if now.running:
            return Accepted(already=f"It is started: it is {now.word}.")
        start = CONSUMERS[_service(step)].start
        if start is None:
            raise _cannot(step, "be started")
        return Accepted(long_running=await start(session, step.target))


class SetConsumerKey(_Healing):
    """One write of a consumer's encryption settings; afterwards the consumer itself must report them.

    The answer to the write may lack them (seen, not documented), so that it is never taken for the proof.
    """

    verifies = True

    async def look(self, session: Session, step: Step) -> Look:
        read = CONSUMERS[_service(step)].target
        if read is None:
            raise _cannot(step, "be given another key")
        target = await read(session, step.target)
        if target.unclear is not None:
            return Look(seen=Seen.CHANGED, difference=target.unclear.removesuffix("."), found=target)
        if target.busy:
            return Look(seen=Seen.BUSY, difference=f"it is {target.state or target.provisioning}")
        silent = is_silent(step)
        late = LATE_SECONDS if silent else 0.0
        return replace(compare(step, target.settings, found=target), late=late, silent=silent)

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        change = CONSUMERS[_service(step)].set_key
        if change is None or step.after is None:
            raise _cannot(step, "be given another key")
        found = look.found if isinstance(look.found, Target) else None
        settings = {**step.after, "was": (step.before or {}).get("key")}
        started = await change(session, step.target, settings, found)
        return Accepted(long_running=() if started is None else (started,))


def _cannot(step: Step, what: str) -> AzureFailure:
    return AzureFailure(FailureKind.CONFLICT, f"A {_service(step)} cannot {what}.", subject=step.target)
