"""What the lanes of a plan and of an operation say."""

from cmk_admin.domain.plan import Effect, Watch
from cmk_admin.domain.services import service
from cmk_admin.domain.words import duration, stopwatch
from cmk_admin.operations.interface import WatchReport, WatchResult
from cmk_admin.ui.emergency.lanes import Lane
from cmk_admin.ui.emergency.look import NOT_BEGUN, NOT_DONE, WATCHES


def effect_lane(effect: Effect) -> Lane:
    """The lane of a revoke's plan: when a service should stop, what is lost, how it comes back."""
    kind = service(effect.service).title
    if effect.goes_on:
        return Lane(
            effect.consumer_name,
            kind,
            f"{effect.stops}.",
            "danger",
            "warning",
            within_seconds=None,
            tip=effect.consumer_id,
        )
    when = f"within {duration(effect.within_seconds)}" if effect.within_seconds is not None else "no time documented"
    adds_up = f" ({effect.adds_up})" if effect.adds_up else ""
    words = f"Stops, {when}{adds_up}: {_lower(effect.stops)}."
    return Lane(
        effect.consumer_name,
        kind,
        words if effect.wanted else f"Cut as well, although nobody asked for it. {words}",
        "caution",
        "revoke" if effect.wanted else "warning",
        within_seconds=effect.within_seconds,
        note=f"Lost: {_lower(effect.lost)}. To bring it back: {_lower(effect.comes_back)}.",
        tip="\n".join(filter(None, (effect.consumer_id, effect.source and f"Documented in {effect.source}"))),
    )


def back_lane(name: str, watch: Watch, *, goes_on: bool = False) -> Lane:
    """The lane of a plan that gives back, or that changes a key while the service goes on (`Plan.goes_on`)."""
    facts = service(watch.service)
    when = f" within {duration(watch.within_seconds)}" if watch.within_seconds is not None else ""
    if goes_on:
        words = f"Followed until it is seen to serve{when}; it goes on meanwhile."
    else:
        words = f"Back{when}." if when else "Watched until it is back; Azure documents no time."
    icon = "watch" if goes_on else "restore"
    return Lane(name, facts.title, words, "accent", icon, within_seconds=watch.within_seconds, tip=watch.consumer_id)


def watch_lane(
    watch: WatchReport, *, goes_on: bool = False, waits_for: str = "", away: bool = False, not_done: str = ""
) -> Lane:
    """The lane of a running or ended operation: what was measured.

    `goes_on`, `waits_for`, `away`, `not_done`: as in `watch_words`.
    """
    look = NOT_BEGUN if waits_for else NOT_DONE if not_done else WATCHES[watch.result]
    return Lane(
        watch.consumer_name,
        service(watch.service).title,
        watch_words(watch, goes_on=goes_on, waits_for=waits_for, away=away, not_done=not_done),
        look.tone,
        look.icon,
        within_seconds=watch.within_seconds,
        seconds=watch.seconds,
        note=_measured(watch),
        tip=watch.consumer_id,
    )


def watch_words(
    watch: WatchReport, *, goes_on: bool = False, waits_for: str = "", away: bool = False, not_done: str = ""
) -> str:
    """What is known of one service, in a line.

    `goes_on`: it was to serve all the while; `waits_for` names whom a staged plan must see cut before this one is;
    `away`: nothing of Azure answers just now; `not_done`: why it is as it was: ``not cut: step 2 failed``.
    """
    wanted = "cut off" if watch.wanted == "lost" else "to serve" if goes_on else "back"
    said = "Azure last said" if away and watch.result is WatchResult.WAITING else "Azure says"
    now = f"{said} {watch.now}" if watch.now else "Azure has not said how it is"
    if waits_for:
        return f"Waits for {waits_for}. Nothing of it is cut yet."
    if not_done:
        return f"{not_done[:1].upper()}{not_done[1:]}. {now}."
    match watch.result:
        case WatchResult.WAITING:
            expected = (
                f"expected within {duration(watch.within_seconds)}"
                if watch.within_seconds is not None
                else "Azure documents no time"
            )
            since = stopwatch(watch.seconds) if watch.seconds is not None else "0:00"
            return f"Watching for {since}. {now}; {expected}."
        case WatchResult.CONFIRMED:
            after = f" after {duration(watch.seconds)}" if watch.seconds is not None else ""
            return f"Confirmed {wanted}{after}. {now}{f'; {watch.reason}' if watch.reason else ''}."
        case WatchResult.NOT_CONFIRMED:
            return f"Not confirmed {wanted}: {watch.reason or now}."
        case WatchResult.CONTRADICTED:
            return f"Contradicted: {watch.reason or f'the documented time is over and {now}'}."


def _measured(watch: WatchReport) -> str:
    """What the answer rests on."""
    if watch.result is WatchResult.WAITING:
        return ""
    facts = []
    if watch.before:
        facts.append(f"Before the first change Azure said {watch.before}")
    if watch.within_seconds is not None:
        facts.append(f"documented: within {duration(watch.within_seconds)}")
    return "; ".join(facts) + "." if facts else ""


def _lower(sentence: str) -> str:
    """A sentence as it goes on after a colon, without its full stop; names in capitals stay."""
    keep = len(sentence) > 1 and sentence[1].isupper()
    return (sentence if keep else sentence[:1].lower() + sentence[1:]).rstrip(". ")
