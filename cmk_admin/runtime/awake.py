"""Sleep is held off while something runs that must not be cut short: a closed lid or an idle hour ends no revoke."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

_log = logging.getLogger(__name__)


@contextmanager
def awake(why: str) -> Iterator[None]:
    """Keep the machine from falling asleep by itself. Returns at once, and never fails: what the desktop said is logged.

    Asking the desktop (D-Bus, or the system's own call) may take a while, so that a thread of its own asks; it is one
    thread, since the library lets go where it took hold.
    """
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="awake")
    held = ExitStack()
    thread.submit(_hold, held, why)
    try:
        yield
    finally:
        thread.submit(_let_go, held)
        thread.shutdown(wait=False)


def _hold(held: ExitStack, why: str) -> None:
    try:
        # loads D-Bus and more: not before something runs
        from wakepy import keep

        # it tells of every desktop that this one is not
        logging.getLogger("wakepy").setLevel(logging.ERROR)
        held.enter_context(keep.running(on_fail="error"))
    except Exception as error:  # of a foreign library, on whatever desktop: sleep is no reason to stop
        _log.info("sleep cannot be held off: %s", str(error).partition("\n")[0], extra={"running": why})
    else:
        _log.info("sleep is held off", extra={"running": why})


def _let_go(held: ExitStack) -> None:
    try:
        held.close()
    except Exception as error:  # as above
        _log.info("holding sleep off did not end well: %s", error)
