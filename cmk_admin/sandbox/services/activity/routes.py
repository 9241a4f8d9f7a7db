"""The list of a subscription's Activity Log, by the few filters that Azure knows."""

from cmk_admin.sandbox import activity
from cmk_admin.sandbox.services.arm.paging import page
from cmk_admin.sandbox.wire import Answer, Call, Routes

from . import filters

_VALUES = "/providers/Microsoft.Insights/eventtypes/management/values"
_READ = "Microsoft.Insights/eventtypes/values/Read"
# What Azure puts on a page is not documented.
_PAGE = 200


def register(routes: Routes) -> None:
    """Register the list."""
    routes.arm(
        "GET", "/subscriptions/{subscription}" + _VALUES, action=_READ, versions=("2014-04-01", "2017-03-01-preview")
    )(_list)


async def _list(call: Call) -> Answer:
    passes = filters.parse(call.query.get("$filter"), call.world.clock.now())
    mine = call.params["subscription"].lower()
    found = [one for one in activity.shown(call.world) if one["subscriptionId"].lower() == mine and passes(one)]
    answer = page(call, found, most=_PAGE)
    wanted = filters.selected(call.query.get("$select"))
    if wanted is not None:
        kept = [{name: value for name, value in one.items() if name.lower() in wanted} for one in answer.body["value"]]
        answer.body["value"] = kept
    return answer
