"""The score of a drill, from the control of the sandbox that it is held on."""

import aiohttp

from cmk_admin.cloud.session import Session
from cmk_admin.domain.drill import Debrief, debrief_from_json
from cmk_admin.domain.errors import AzureFailure, FailureKind


async def read_debrief(session: Session) -> Debrief:
    """How the drill stands now. Raises AzureFailure: the sandbox does not answer, or holds no drill."""
    try:
        document = await session.ask_control("drill")
        return debrief_from_json(document)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise AzureFailure(FailureKind.UNREACHABLE, "The sandbox does not answer; it may have ended.") from error
    except (KeyError, TypeError, ValueError) as error:
        raise AzureFailure(FailureKind.FAILED, "The score of the drill could not be read.") from error
