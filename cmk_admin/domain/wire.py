"""The JSON that the command line prints and the journal keeps. Pure: dictionaries in, dictionaries out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from cmk_admin.domain.errors import CmkError
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Coverage
from cmk_admin.domain.plan import Plan, PlannedPath
from cmk_admin.domain.steps import Json, Outcome, Step, StepState

JsonObject = dict[str, Json]


class StepLike(Protocol):
    """A step of an operation as it stands (operations.interface.StepReport)."""

    @property
    def n(self) -> int: ...
    @property
    def verb(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def words(self) -> str: ...
    @property
    def state(self) -> StepState: ...
    @property
    def undo(self) -> str | None: ...
    @property
    def error(self) -> str | None: ...


class WatchLike(Protocol):
    """A consumer that is or was followed (operations.interface.WatchReport)."""

    @property
    def consumer_id(self) -> str: ...
    @property
    def result(self) -> str: ...
    @property
    def seconds(self) -> float | None: ...
    @property
    def wall_seconds(self) -> float | None: ...
    @property
    def reason(self) -> str | None: ...


class OperationLike(Protocol):
    """An operation as it stands (operations.interface.OperationReport)."""

    @property
    def operation(self) -> str: ...
    @property
    def verb(self) -> str: ...
    @property
    def outcome(self) -> Outcome: ...
    @property
    def steps(self) -> Sequence[StepLike]: ...
    @property
    def open_paths(self) -> Sequence[PlannedPath]: ...
    @property
    def watch(self) -> Sequence[WatchLike]: ...


def error_json(error: CmkError) -> JsonObject:
    """``{"error": {...}}``; candidates of a BadInput stand in it too."""
    raise NotImplementedError


def coverage_json(coverage: Coverage) -> JsonObject:
    raise NotImplementedError


def mapping_json(index: Index, now: datetime | None = None) -> JsonObject:
    raise NotImplementedError


def estate_json(index: Index, now: datetime | None = None) -> JsonObject:
    """Coverage, read_at, vaults (with keys, versions), consumers: what `estate` prints."""
    raise NotImplementedError


def plan_to_json(plan: Plan) -> JsonObject:
    """Everything of a plan, and its hash: what `--plan` prints and what the journal keeps."""
    raise NotImplementedError


def plan_from_json(data: object) -> Plan:
    """The plan again. Raises BadInput ``bad-plan`` for what `plan_to_json` did not write."""
    raise NotImplementedError


def step_to_json(step: Step) -> JsonObject:
    raise NotImplementedError


def step_from_json(data: object) -> Step:
    """Raises BadInput ``bad-plan``."""
    raise NotImplementedError


def operation_json(report: OperationLike) -> JsonObject:
    raise NotImplementedError


def boundary_json(operation: str, step: int, of: int, event: str) -> JsonObject:
    raise NotImplementedError
