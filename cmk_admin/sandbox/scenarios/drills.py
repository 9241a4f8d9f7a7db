"""The drills by name, as scenarios: ``drill-lock``, ``drill-storm`` and so on."""

from . import drill_blind, drill_expiry, drill_inherited, drill_lock, drill_shared, drill_storm

NAMED = {
    f"drill-{one.TOLD.name}": one.lay
    for one in (drill_lock, drill_storm, drill_inherited, drill_shared, drill_blind, drill_expiry)
}
