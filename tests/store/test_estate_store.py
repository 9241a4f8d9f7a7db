"""The saved estate: the same again, or nothing, and never a crash."""

import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from cmk_admin.domain.errors import FailureKind
from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.model import (
    AccessPolicy,
    Account,
    Consumer,
    Coverage,
    CoverageProblem,
    Estate,
    Identity,
    Key,
    KeySlot,
    KeyVersion,
    Lock,
    Principal,
    RoleAssignment,
    RoleDefinition,
    Subscription,
    Vault,
)
from cmk_admin.store.codec import decoder, encoder
from cmk_admin.store.estate_store import EstateStore

_NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)
_ACCOUNT = Account(object_id="0b0e", name="Ä", tenant_id="t", cloud="public")
_KEY = KeyId("v.vault.azure.net", "k")


def _estate() -> Estate:
    return Estate(
        account=_ACCOUNT,
        read_at=_NOW,
        coverage=Coverage(
            subscriptions_listed=2,
            subscriptions_read=1,
            problems=(CoverageProblem(scope="/s", kind=FailureKind.FORBIDDEN, message="no"),),
        ),
        subscriptions=(Subscription(id="s", name="S", management_groups=None),),
        vaults=(
            Vault(
                id="/v",
                name="v",
                host="v.vault.azure.net",
                location="westeurope",
                subscription_id="s",
                tenant_id="t",
                premium=True,
                rbac=False,
                soft_delete_days=90,
                purge_protection=True,
                public_access=True,
                default_deny=False,
                trusted_bypass=True,
                access_policies=(AccessPolicy(tenant_id="t", object_id="p", keys=("get", "unwrapkey")),),
                tags=(("a", "b"),),
            ),
        ),
        keys=(
            Key(id=_KEY, vault_id="/v", current_version=None),
            Key(
                id=_KEY,
                vault_id="/v",
                current_version="0" * 32,
                operations=("wrapKey",),
                enabled=True,
                expires=_NOW + timedelta(days=1),
                versions=(KeyVersion(id=_KEY, enabled=False, created=_NOW),),
            ),
        ),
        consumers=(
            Consumer(
                id="/c",
                service="mysql-flexible",
                name="c",
                location="l",
                subscription_id="s",
                slots=(KeySlot(slot="primary", key_id=_KEY, principal_id=None),),
            ),
        ),
        identities=(Identity(principal_id="p", name="i", resource_id=None),),
        principals=(Principal(object_id="p", kind=None, members=()),),
        role_definitions=(RoleDefinition(id="r", name="R", data_actions=("*",)),),
        role_assignments=(
            RoleAssignment(id="/a", scope="/v", role_definition_id="r", principal_id="p", created_on=_NOW),
        ),
        locks=(Lock(id="/l", scope="/v", level="ReadOnly"),),
        unread_assignments=frozenset({"/subscriptions/x"}),
    )


def test_an_estate_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    EstateStore(tmp_path).save(_estate())
    assert EstateStore(tmp_path).load(_ACCOUNT.object_id) == _estate()


def test_each_account_has_an_estate_of_its_own(tmp_path: Path) -> None:
    EstateStore(tmp_path).save(_estate())
    assert EstateStore(tmp_path).load("somebody-else") is None


def test_only_the_owner_may_read_a_saved_estate(tmp_path: Path) -> None:
    EstateStore(tmp_path).save(_estate())
    (path,) = (tmp_path / "estates").iterdir()
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


@given(cut=st.integers(min_value=0, max_value=5000), junk=st.binary(max_size=30))
@settings(max_examples=60, deadline=None)
def test_a_damaged_file_counts_as_nothing_saved(tmp_path_factory: object, cut: int, junk: bytes) -> None:
    folder = tmp_path_factory.mktemp("damaged")  # type: ignore[attr-defined]
    EstateStore(folder).save(_estate())
    (path,) = (folder / "estates").iterdir()
    data = path.read_bytes()
    damaged = data[: cut % len(data)] + junk
    path.write_bytes(damaged)
    found = EstateStore(folder).load(_ACCOUNT.object_id)
    assert found is None or found == _estate()


def test_a_file_of_another_layout_counts_as_nothing_saved(tmp_path: Path) -> None:
    EstateStore(tmp_path).save(_estate())
    (path,) = (tmp_path / "estates").iterdir()
    path.write_bytes(b"cmk-admin estate\n" + zlib.compress(b'{"layout": 1, "shape": "other", "estate": []}'))
    assert EstateStore(tmp_path).load(_ACCOUNT.object_id) is None


@given(
    st.builds(
        RoleAssignment,
        id=st.text(),
        scope=st.text(),
        role_definition_id=st.text(),
        principal_id=st.text(),
        condition=st.none() | st.text(),
        created_on=st.none() | st.datetimes(timezones=st.just(UTC)),
    )
)
def test_any_role_assignment_survives_the_way_there_and_back(assignment: RoleAssignment) -> None:
    encode, decode = encoder(RoleAssignment), decoder(RoleAssignment)
    assert encode is not None
    assert decode is not None
    assert decode(encode(assignment)) == assignment
