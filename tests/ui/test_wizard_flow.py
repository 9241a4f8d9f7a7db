"""Which page follows which, and what stands in the way: without Qt."""

from dataclasses import replace

from cmk_admin.domain.problems import Problem
from cmk_admin.domain.surroundings import Surroundings, Target
from cmk_admin.domain.verbs.attach import AttachDraft
from cmk_admin.ui.wizards import attach, create_key, flow, grant, of_consumer
from cmk_admin.ui.wizards.flow import PLAN, Mark, Stop
from tests.domain import estates

STOPS = (Stop(name="a", title="A", fields=("x",)), Stop(name="b", title="B", fields=("y", "z")))
WRONG = Problem(code="wrong", sentence="Y is wrong.", field="y")
NOTED = Problem(code="noted", sentence="X may be wrong.", field="x", blocks=False)


def target(service: str, *, geo: bool = False) -> Target:
    return Target(
        id=estates.MYSQL.id,
        service=service,
        name="dcc-mysql",
        location="westeurope",
        subscription_id=estates.SUB,
        geo_backup=geo,
    )


def test_the_plan_comes_last_and_nothing_comes_after_it() -> None:
    assert flow.names(STOPS) == ("a", "b", PLAN)
    assert [flow.after(STOPS, name) for name in ("a", "b", PLAN)] == ["b", PLAN, PLAN]
    assert [flow.before(STOPS, name) for name in (PLAN, "b", "a")] == ["b", "a", None]


def test_only_what_blocks_and_belongs_to_a_page_before_keeps_from_going_on() -> None:
    assert flow.first_blocked(STOPS, (WRONG, NOTED), PLAN) == "b"
    assert flow.first_blocked(STOPS, (WRONG, NOTED), "b") is None
    assert flow.first_blocked(STOPS, (NOTED,), PLAN) is None
    assert flow.first_blocked(STOPS, (replace(WRONG, field=""),), PLAN) is None, "that is the plan's to say"


def test_a_page_that_was_passed_and_became_wrong_is_marked() -> None:
    marked = flow.marks(STOPS, "a", frozenset(("a", "b")), (WRONG,))
    assert marked == {"a": Mark.NOW, "b": Mark.WRONG, PLAN: Mark.LATER}
    assert flow.marks(STOPS, PLAN, frozenset(("a", "b")), ())["b"] is Mark.DONE


def test_what_an_attach_asks_for_follows_from_the_service() -> None:
    around = Surroundings(now=estates.NOW)
    asked = {
        service: [stop.name for stop in attach.stops(AttachDraft(service=service), around)]
        for service in ("mysql-flexible", "mysql-single", "aks-etcd", "aks-disks", "disk-encryption-set")
    }
    assert asked == {
        "mysql-flexible": ["service", "consumer", "key", "identity"],
        "mysql-single": ["service", "consumer", "key"],
        "aks-etcd": ["service", "consumer", "key", "engine"],
        "aks-disks": ["service", "consumer", "disk_set", "key", "storage"],
        "disk-encryption-set": ["service", "consumer", "key"],
    }


def test_a_second_region_is_asked_about_only_where_backups_are_kept_there() -> None:
    draft = AttachDraft(service="mysql-flexible", consumer=estates.MYSQL.id)
    for geo in (False, True):
        found = target("mysql-flexible", geo=geo)
        around = Surroundings(now=estates.NOW, targets={found.id.lower(): found})
        assert ("geo" in [stop.name for stop in attach.stops(draft, around)]) is geo
    assert "geo" not in [stop.name for stop in attach.stops(draft, None)]


def test_no_two_pages_of_a_wizard_ask_for_the_same() -> None:
    around = Surroundings(now=estates.NOW)
    every = [create_key.STOPS, grant.STOPS, (of_consumer.GRANT,)]
    every += [attach.stops(AttachDraft(service=name), around) for name in attach.KINDS]
    for stops in every:
        fields = [field for stop in stops for field in stop.fields]
        assert len(fields) == len(set(fields))
