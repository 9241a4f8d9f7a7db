"""Who is in groups that nobody could read, from one reading of a key to the next."""

from dataclasses import replace

from cmk_admin.cloud.collected import Collected
from cmk_admin.cloud.holders import keep_memberships
from cmk_admin.domain.model import Principal
from tests.domain import estates

GROUP = Principal(
    object_id="g",
    kind="Group",
    name=None,
    members=None,
    known_members=("inside", "asked-inside"),
    known_others=("outside", "Asked-Outside"),
)
UNTOLD = replace(GROUP, known_members=(), known_others=())


def _after(now: Principal) -> Principal:
    into = Collected.of(estates.dcc())
    into.principals["g"] = now
    keep_memberships(into, {"g": GROUP}, but={"ASKED-inside", "asked-outside"})
    return into.principals["g"]


def test_what_was_answered_about_a_group_is_kept_but_for_those_who_are_asked_about_anew() -> None:
    found = _after(UNTOLD)
    assert (found.known_members, found.known_others) == (("inside",), ("outside",))


def test_a_group_whose_members_could_be_read_now_needs_no_former_answer() -> None:
    read = replace(UNTOLD, members=("asked-outside",))
    assert _after(read) == read
