"""Why Azure would refuse a way's steps: known before they are tried. What is not known blocks nothing."""

from collections.abc import Sequence

from cmk_admin.domain.steps import Step
from cmk_admin.domain.verbs import readiness
from cmk_admin.domain.verbs.ways.asked import Asked


def blocked(asked: Asked, steps: Sequence[Step]) -> tuple[str, ...]:
    """Sentences: what stands against the steps."""
    return readiness.blocked(asked.index, asked.around, (*asked.first, *steps), asked.key)
