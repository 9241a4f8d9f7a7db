"""What can go wrong, in words that a person may read. Anything that is not a `CmkError` is our own bug."""

from enum import StrEnum


class FailureKind(StrEnum):
    """Why Azure did not do what was asked. The values up to ``not_visible`` are also coverage's kinds."""

    FORBIDDEN = "forbidden"
    UNREACHABLE = "unreachable"
    THROTTLED = "throttled"
    FAILED = "failed"
    NOT_VISIBLE = "not_visible"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    LOCKED = "locked"
    SIGN_IN = "sign_in"
    LOST = "lost"
    """A write was sent and no answer came back: it may or may not have been done. Look before doing it again."""


_ON_THE_WAY = frozenset(
    {
        FailureKind.FORBIDDEN,
        FailureKind.LOCKED,
        FailureKind.SIGN_IN,
        FailureKind.THROTTLED,
        FailureKind.UNREACHABLE,
    }
)


class CmkError(Exception):
    """An error with a sentence for the user.

    `code` is a stable word for scripts, `subject` names what it happened to, `next` says what to do about it.
    """

    def __init__(self, code: str, message: str, *, subject: str | None = None, next: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.subject, self.next = code, message, subject, next


class BadInput(CmkError):
    """What the person typed or handed in makes no sense; nothing was sent. Command line: exit 2."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        subject: str | None = None,
        next: str | None = None,
        candidates: tuple[str, ...] = (),
    ) -> None:
        super().__init__(code, message, subject=subject, next=next)
        self.candidates = candidates


class Refused(CmkError):
    """The program will not do it as things stand (another process holds the operation, a fact has changed ...)."""


class AzureFailure(CmkError):
    """Azure, or the way to it, said no. Raised by the cloud room only."""

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        subject: str | None = None,
        next: str | None = None,
        status: int | None = None,
        azure_code: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(kind.value, message, subject=subject, next=next)
        self.kind = kind
        self.status = status
        """HTTP status, None where no answer came."""
        self.azure_code = azure_code
        """Azure's innermost error code, e.g. ForbiddenByRbac, ScopeLocked, KeyDisabled."""
        self.request_id = request_id
        self.retry_after = retry_after
        """Real seconds that Azure asked to wait."""

    @property
    def on_the_way(self) -> bool:
        """Whether Azure or the network stopped the request before its target knew of it; with 400 the target says no."""
        return self.kind in _ON_THE_WAY and self.status != 400
