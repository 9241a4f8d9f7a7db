"""The debrief of a drill, in words."""

from cmk_admin.cli.table import printable
from cmk_admin.domain.drill import Debrief, lines, outcome


def debrief_text(debrief: Debrief | None) -> str:
    """How the drill stands, a verdict a line; a drill on the command line ends with its command."""
    if debrief is None:
        return "No drill is held."
    said = [f"Drill “{debrief.name}”: {outcome(debrief)} {debrief.story}"]
    said += [f"  {one.verdict.value:8} {one.what}: {one.words}" for one in lines(debrief)]
    if debrief.touched:
        # Whoever has only looked still wants to find it
        said.append(f"  Best: {debrief.better}")
    return "\n".join(printable(line) for line in said)
