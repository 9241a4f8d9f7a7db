"""The debrief of a drill, in words."""

from cmk_admin.cli.table import printable
from cmk_admin.domain.drill import Debrief, lines


def debrief_text(debrief: Debrief | None) -> str:
    """How the drill stands, a verdict a line; a drill on the command line ends with its command."""
    if debrief is None:
        return "No drill is held."
    outcome = "passed" if debrief.passed else "the wrong one was cut" if debrief.wrong else "not done yet"
    said = [f"Drill “{debrief.name}”: {outcome}. {debrief.story}"]
    said += [f"  {one.verdict.value:8} {one.what}: {one.words}" for one in lines(debrief)]
    said.append(f"  Best: {debrief.better}")
    return "\n".join(printable(line) for line in said)
