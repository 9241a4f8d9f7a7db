"""Create key: every sentence that forbids or warns, and a plan that makes exactly what was chosen."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmk_admin.domain.errors import FailureKind
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import AccessPolicy, CoverageProblem, Estate, Principal, Vault
from cmk_admin.domain.problems import Problem
from cmk_admin.domain.services import SERVICES
from cmk_admin.domain.steps import StepVerb
from cmk_admin.domain.surroundings import Surroundings
from cmk_admin.domain.verbs import changes, create_key
from cmk_admin.domain.verbs.create_key import CreateKeyDraft, filled
from tests.domain import estates
from tests.domain.estates import ME, NOW, PREMIUM, STANDARD
from tests.domain.verbs.wizards import NOTHING, around, codes, one, verbs

DRAFT = CreateKeyDraft(vault_id=PREMIUM.id, name="pay-key")
FIELDS = {one.name for one in fields(CreateKeyDraft)} | {""}


def problems(
    draft: CreateKeyDraft, estate: Estate | None = None, about: Surroundings | None = None
) -> tuple[Problem, ...]:
    found = create_key.problems(draft, Index(estate or estates.dcc()), about or around(deleted_keys=frozenset()))
    assert {problem.field for problem in found} <= FIELDS
    return found


def changed(**facts: Any) -> CreateKeyDraft:
    return replace(DRAFT, **facts)


def with_vault(vault: Vault, estate: Estate | None = None) -> Estate:
    made = estate or estates.dcc()
    return replace(made, vaults=(*(each for each in made.vaults if each.id != vault.id), vault))


def test_a_key_as_it_should_be_has_nothing_against_it() -> None:
    assert problems(DRAFT) == ()


@pytest.mark.parametrize("name", ["", "a b", "ü", "a/b", "a_b", "n" * 128, "..", "a\n"])
def test_a_name_is_letters_digits_and_dashes(name: str) -> None:
    assert one(problems(changed(name=name)), "bad-name").field == "name"


@pytest.mark.parametrize("name", ["mysql-encryption-key", "MYSQL-Encryption-KEY"])
def test_a_name_in_use_is_refused_with_who_would_notice(name: str) -> None:
    found = one(problems(changed(name=name)), "name-in-use")
    assert found.blocks
    assert "new version of that key, which dcc-mysql and dcc-mysql-single would not notice" in found.sentence


def test_the_name_of_a_deleted_key_is_taken_and_an_unread_one_is_not_said_to_be() -> None:
    deleted = around(deleted_keys=frozenset({"pay-key"}))
    assert one(problems(DRAFT, about=deleted), "name-deleted").field == "name"
    assert "name-deleted" not in codes(problems(DRAFT, about=around(deleted_keys=None)))


@pytest.mark.parametrize(
    ("facts", "code", "field"),
    [
        ({"expires": NOW}, "expired", "expires"),
        ({"expires": NOW - timedelta(days=1)}, "expired", "expires"),
        ({"not_before": NOW + timedelta(days=2), "expires": NOW + timedelta(days=1)}, "dates", "expires"),
        ({"not_before": datetime(1969, 12, 31, tzinfo=UTC)}, "dates", "not_before"),
        ({"purpose": "postgres"}, "purpose", "purpose"),
        ({"key_type": "EC-HSM"}, "key-type", "key_type"),
        ({"key_type": ""}, "key-type", "key_type"),
        ({"size": 0}, "key-size", "size"),
        ({"size": 1}, "key-size", "size"),
        ({"size": -2048}, "key-size", "size"),
        ({"operations": ()}, "no-operations", "operations"),
        ({"operations": ("wrapKey", "fly")}, "unknown-operation", "operations"),
        ({"operations": ("WrapKey",)}, "unknown-operation", "operations"),
        ({"tags": tuple((f"t{n}", "") for n in range(16))}, "tags", "tags"),
        ({"tags": (("a", "1"), ("a", "2"))}, "tags", "tags"),
        ({"tags": (("", "1"),)}, "tags", "tags"),
        ({"tags": (("a", "v" * 257),)}, "tags", "tags"),
        ({"vault_id": ""}, "no-vault", "vault_id"),
        ({"vault_id": "/no/such/vault"}, "no-vault", "vault_id"),
        ({"vault_id": STANDARD.id}, "vault-standard", "vault_id"),
    ],
)
def test_what_cannot_be_made_is_refused(facts: dict[str, Any], code: str, field: str) -> None:
    found = one(problems(changed(**facts)), code)
    assert (found.field, found.blocks) == (field, True)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"expires": NOW + timedelta(days=1)}, "has-expiry"),
        ({"expires": NOW + timedelta(days=1), "purpose": "mysql-flexible"}, "has-expiry"),
        ({"not_before": NOW + timedelta(days=1)}, "not-yet-valid"),
        ({"not_before": NOW + timedelta(days=1), "purpose": "mysql-flexible"}, "not-yet-valid"),
        ({"key_type": "RSA"}, "software-key"),
        ({"operations": ("sign",), "purpose": "mysql-flexible"}, "key-operations"),
        ({"size": 4096, "purpose": "mysql-single"}, "key-size"),
        ({"purpose": "mysql-single"}, "retired"),
    ],
)
def test_what_rules_a_service_out_is_said_and_may_be_made_all_the_same(facts: dict[str, Any], code: str) -> None:
    found = problems(changed(**facts))
    assert not one(found, code).blocks
    assert codes(found, blocks=True) == []


@pytest.mark.parametrize(
    ("facts", "code"), [({"purge_protection": False}, "no-purge-protection"), ({"soft_delete_days": 30}, "retention")]
)
def test_a_vault_that_a_service_never_takes_is_refused_for_that_service_only(facts: dict[str, Any], code: str) -> None:
    estate = with_vault(replace(PREMIUM, **facts))
    assert one(problems(changed(purpose="mysql-flexible"), estate), code).field == "vault_id"
    assert problems(DRAFT, estate) == ()


@pytest.mark.parametrize("kind", [FailureKind.UNREACHABLE, FailureKind.FORBIDDEN])
def test_a_vault_that_does_not_answer_is_refused_with_why(kind: FailureKind) -> None:
    problem = CoverageProblem(scope=PREMIUM.id, kind=kind, message="Its firewall does not let this address in.")
    found = one(problems(DRAFT, with_vault(replace(PREMIUM, problem=problem))), "vault-unreachable")
    assert "Its firewall does not let this address in." in found.sentence


def test_a_missing_role_is_refused_and_an_unread_one_only_said() -> None:
    assert one(problems(DRAFT, about=around(may=NOTHING)), "missing-right").blocks
    unknown = problems(DRAFT, about=around(may=None))
    assert not one(unknown, "right-unknown").blocks
    both = problems(changed(backup="/tmp/file"), about=around(may=NOTHING))  # noqa: S108 - never opened
    assert codes(both) == ["missing-right", "missing-right"]


def test_in_a_vault_of_access_policies_the_entry_counts_and_a_group_may_give_it() -> None:
    soft = replace(DRAFT, vault_id=STANDARD.id, key_type="RSA")
    assert codes(problems(soft), blocks=True) == []
    bare = replace(STANDARD, access_policies=(AccessPolicy(tenant_id="t", object_id=ME, keys=("get",)),))
    assert one(problems(soft, with_vault(bare)), "missing-right").blocks
    of_group = replace(STANDARD, access_policies=(AccessPolicy(tenant_id="t", object_id=estates.TEAM, keys=("all",)),))
    unread = with_vault(of_group)
    assert codes(problems(soft, unread), blocks=True) == []
    assert "right-unknown" in codes(problems(soft, unread))
    members = replace(unread, principals=(Principal(object_id=estates.TEAM, kind="Group", members=()),))
    assert one(problems(soft, members), "missing-right").blocks


def test_a_file_that_cannot_be_written_is_refused() -> None:
    about = around(deleted_keys=frozenset(), file_problem="There is no folder /x to write the backup into.")
    assert one(problems(changed(backup="/x/y"), about=about), "backup-file").field == "backup"
    assert "backup-file" not in codes(problems(DRAFT, about=about))


def test_the_backup_follows_the_key_and_the_undo_deletes_softly() -> None:
    plan = create_key.plan(changed(backup="/x/y"), estates.index(), around(deleted_keys=frozenset()))
    assert verbs(plan) == [(StepVerb.CREATE_KEY, 0), (StepVerb.BACKUP_KEY, 1)]
    assert plan.steps[0].before is None
    assert "its name stays taken" in str(plan.steps[0].undo_words)
    back = changes.inverse(plan.steps[0])
    assert back is not None
    assert (back.verb, back.after) == (StepVerb.DELETE_KEY, None)
    assert changes.inverse(plan.steps[1]) is None


def test_what_was_not_read_is_a_warning_of_the_plan() -> None:
    plan = create_key.plan(DRAFT, estates.index(), around(unread=("Nothing could be read.",)))
    assert "Nothing could be read." in plan.warnings


_names = st.text("abcXYZ019-", min_size=1, max_size=20)
_moments = st.none() | st.integers(10**8, 32 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
_drafts = st.builds(
    CreateKeyDraft,
    vault_id=st.sampled_from(["", PREMIUM.id, STANDARD.id]),
    name=st.text(max_size=5) | _names,
    purpose=st.sampled_from(["", *SERVICES]),
    key_type=st.sampled_from([None, "RSA", "RSA-HSM", "EC"]),
    size=st.sampled_from([None, 0, 2048, 3072, 4096, 5]),
    operations=st.none() | st.lists(st.sampled_from(create_key.OPERATIONS), unique=True).map(tuple),
    not_before=_moments,
    expires=_moments,
    tags=st.dictionaries(_names, st.text(max_size=5), max_size=16).map(lambda tags: tuple(tags.items())),
    backup=st.none() | st.just("/x/y"),
)


@given(_drafts)
def test_any_draft_has_a_plan_of_exactly_what_it_says(draft: CreateKeyDraft) -> None:
    index, about = estates.index(), around(deleted_keys=frozenset())
    plan = create_key.plan(draft, index, about)
    found = create_key.problems(draft, index, about)
    assert plan.problems == tuple(dict.fromkeys(one.sentence for one in found if one.blocks))
    assert bool(plan.steps) is bool(draft.vault_id)
    if plan.steps:
        whole, facts = filled(draft), dict(plan.steps[0].after or {})
        assert facts["key_type"] == whole.key_type
        assert facts["size"] == whole.size
        assert facts["operations"] == list(whole.operations or ())
        assert facts["tags"] == dict(draft.tags)
        assert facts["expires"] == (None if draft.expires is None else int(draft.expires.timestamp()))
        assert facts["not_before"] == (None if draft.not_before is None else int(draft.not_before.timestamp()))
        assert len(plan.steps) == 1 + (draft.backup is not None)


@given(_drafts, st.randoms())
def test_the_order_of_tags_and_operations_changes_no_hash(draft: CreateKeyDraft, chance: Any) -> None:

    tags, operations = list(draft.tags), list(draft.operations or ())
    chance.shuffle(tags)
    chance.shuffle(operations)
    turned = replace(draft, tags=tuple(tags), operations=None if draft.operations is None else tuple(operations))
    about = around(deleted_keys=frozenset())
    first = create_key.plan(draft, estates.index(), about).hash
    assert create_key.plan(turned, estates.index(), about).hash == first
    assert create_key.plan(draft, estates.index(), about).hash == first
