"""What can be started is preselected, and what cannot promises nothing."""

from dataclasses import replace

from cmk_admin.cli.reports import plan_text, rather_words
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Estate, Lock
from cmk_admin.domain.plan import PathState, Plan
from cmk_admin.domain.verbs.revoke import Cause, RevokeDraft, plan
from cmk_admin.domain.wire_plan import plan_from_json, plan_to_json
from tests.domain import estates
from tests.domain.estates import MYSQL, MYSQL_ID, MYSQL_KEY, MYSQL_SCOPE, PREMIUM


def locked() -> Estate:
    lock = Lock(id=f"{PREMIUM.id}/providers/Microsoft.Authorization/locks/keep", scope=PREMIUM.id, level="CanNotDelete")
    return replace(estates.dcc(), locks=(lock,))


def wide() -> Estate:
    return estates.with_grants(estates.grant(80, f"/subscriptions/{estates.SUB}", MYSQL_ID, estates.ENCRYPTION_USER))


def revoke(estate: Estate, **more: object) -> Plan:
    draft = RevokeDraft(key=MYSQL_KEY.id, consumers=(MYSQL.id,), **more)  # type: ignore[arg-type]
    return plan(draft, Index(estate))


def test_where_nobody_chose_the_recommended_method_is_taken_and_says_why() -> None:
    found = revoke(locked(), best=True)
    assert (found.method, found.problems) == ("disable", ())
    (chosen,) = (one for one in found.methods if one.recommended)
    assert chosen.name == "disable"
    assert "since “Remove grants” is held up" in (chosen.reason or "")
    assert (chosen.reason or "").endswith("also cuts dcc-mysql-single")
    assert found.warnings[0].startswith("Also cut: dcc-mysql-single")


def test_a_key_that_is_shut_already_needs_no_other_method_that_shuts_it() -> None:
    off = replace(MYSQL_KEY, versions=tuple(replace(one, enabled=False) for one in MYSQL_KEY.versions or ()))
    estate = replace(locked(), keys=tuple(off if key.id == off.id else key for key in estates.dcc().keys))
    found = revoke(estate, best=True)
    assert (found.method, bool(found.problems)) == ("grants", True)  # by the lock
    assert not [one.name for one in found.methods if one.recommended]


def test_a_method_that_leaves_a_path_open_is_not_preselected() -> None:
    found = revoke(wide(), best=True)
    assert found.method == "disable"
    (chosen,) = (one for one in found.methods if one.recommended)
    assert "leaves 1 path open" in (chosen.reason or "")


def test_a_method_that_was_chosen_stays_and_so_does_the_usual_one_where_it_is_whole() -> None:
    assert revoke(locked(), best=True, method="grants").method == "grants"
    assert revoke(estates.dcc(), best=True).method == "grants"
    assert revoke(locked()).method == "grants"


def test_the_command_line_is_told_what_to_type_instead() -> None:
    found = revoke(locked())
    assert rather_words(found) == "Recommended instead: disable 2 versions (--method disable)."
    assert rather_words(found) in plan_text(found)
    assert rather_words(revoke(estates.dcc())) == ""


def test_what_cannot_start_promises_nothing() -> None:
    found = revoke(locked())
    assert found.problems
    assert {path.state for path in found.paths} == {PathState.STAYS_OPEN}
    assert all(path.reason and path.step is None for path in found.paths)
    assert all(one.goes_on and one.within_seconds is None for one in found.effects)
    assert found.watches == ()
    assert not any("stays open" in one for one in found.warnings)


def test_what_is_so_already_claims_no_open_path() -> None:
    off = replace(MYSQL_KEY, versions=tuple(replace(one, enabled=False) for one in MYSQL_KEY.versions or ()))
    estate = estates.dcc()
    found = revoke(
        replace(estate, keys=tuple(off if key.id == off.id else key for key in estate.keys)), method="disable"
    )
    assert "disabled already" in found.problems[0]
    assert {path.state for path in found.paths} == {PathState.UNKNOWN}


def test_how_times_add_up_is_written_down() -> None:
    found = revoke(estates.dcc())
    assert plan_from_json(plan_to_json(found)).effects == found.effects
    assert found.effects[0].adds_up


def test_a_leak_that_nobody_can_take_out_is_good_news() -> None:
    found = plan(RevokeDraft(key=MYSQL_KEY.id, cause=Cause.KEY_LEAKED), Index(estates.dcc()))
    assert (found.steps, found.problems) == ((), ())
    assert "nothing is left to remove here" in found.findings[0]
    assert not any(one.recommended for one in found.methods)
    assert found.next
    assert "Nothing is to be done." in plan_text(found)


def test_a_leak_cuts_no_service_of_another_key_unasked() -> None:
    backup = replace(
        estates.ENCRYPTION_USER, id="/r/out", name="Takes Out", data_actions=("Microsoft.KeyVault/vaults/keys/*",)
    )
    grant = estates.grant(81, MYSQL_SCOPE, estates.DES_ID, backup)
    estate = estates.with_grants(grant)
    index = Index(replace(estate, role_definitions=(*estate.role_definitions, backup)))
    found = plan(RevokeDraft(key=MYSQL_KEY.id, cause=Cause.KEY_LEAKED), index)
    (offered,) = (one for one in found.choices if one.id.startswith("remove:"))
    assert "dcc-des" in offered.why
    assert (found.steps, found.effects) == ((), ())
    (path,) = found.paths
    assert path.state is PathState.STAYS_OPEN
    assert "dcc-des" in (path.reason or "")
    chosen = plan(RevokeDraft(key=MYSQL_KEY.id, cause=Cause.KEY_LEAKED, choices=(offered.id,)), index)
    assert len(chosen.steps) == 1
    assert chosen.problems == ()
