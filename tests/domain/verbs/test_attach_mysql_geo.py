"""Attaching to MySQL, with a pencil: the second key of geo-redundant backup, and the identity that uses it."""

from dataclasses import replace

import pytest

from cmk_admin.domain.ids import key_scope
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Identity
from cmk_admin.domain.surroundings import CarriedIdentity, Rights, Surroundings, Target
from cmk_admin.domain.verbs import attach
from cmk_admin.domain.verbs.attach import AttachDraft
from tests.domain import estates
from tests.domain.estates import AKS_KEY, GROUP, MYSQL_ID, NEW, NOW, OWNER, PREMIUM, SUB

NORTH = replace(estates.vault("dcc-north"), location="northeurope")
NORTH_KEY = estates.key(NORTH, "backup-key")
FIRST, SECOND = f"{GROUP}/identities/dcc-mysql-id", f"{GROUP}/identities/north-id"
NORTH_ID = Identity(principal_id="n", name="north-id", resource_id=SECOND, client_id="n1")
SERVER = Target(
    id=f"{GROUP}/providers/Microsoft.DBforMySQL/flexibleServers/new",
    service="mysql-flexible",
    name="new",
    location="westeurope",
    subscription_id=SUB,
    state="Ready",
    tier="GeneralPurpose",
    geo_backup=True,
    identities=(CarriedIdentity(resource_id=FIRST, principal_id=MYSQL_ID),),
    settings={"service": "mysql-flexible", "key": None, "with": [FIRST]},
)
DRAFT = AttachDraft(
    key=AKS_KEY.id,
    consumer=SERVER.id,
    service="mysql-flexible",
    identity=FIRST,
    geo_key=NORTH_KEY.id,
    geo_identity=SECOND,
)
PLAIN = replace(SERVER, geo_backup=False)
SCOPES = (SERVER.id, PREMIUM.id, NORTH.id, FIRST, SECOND)


def index() -> Index:
    found = estates.dcc()
    return Index(
        replace(
            found,
            vaults=(*found.vaults, NORTH),
            keys=(*found.keys, NORTH_KEY),
            identities=(*found.identities, NORTH_ID),
        )
    )


def around(target: Target, *without: str) -> Surroundings:
    keys = (key_scope(PREMIUM.id, AKS_KEY.id.name), key_scope(NORTH.id, NORTH_KEY.id.name))
    rights = {one.lower(): Rights(blocks=() if one in without else (OWNER,)) for one in (*SCOPES, *keys)}
    return Surroundings(now=NOW, rights=rights, targets={target.id.lower(): target})


def blocking(draft: AttachDraft, target: Target = SERVER, *without: str) -> dict[str, str]:
    """Codes of what forbids it, with the field."""
    found = attach.problems(draft, index(), around(target, *without))
    return {one.code: one.field for one in found if one.blocks}


def test_each_key_is_granted_to_its_own_identity_and_the_plan_names_both() -> None:
    plan = attach.plan(DRAFT, index(), around(SERVER))
    assert plan.problems == ()
    given = {str((one.after or {})["scope"]): (one.after or {})["principal_id"] for one in plan.steps[:-1]}
    assert given == {
        key_scope(PREMIUM.id, AKS_KEY.id.name): MYSQL_ID,
        key_scope(NORTH.id, NORTH_KEY.id.name): NORTH_ID.principal_id,
    }
    change = plan.steps[-1]
    second = "its backups in the paired region with backup-key of dcc-north as north-id"
    assert change.words == f"Encrypt new with aks-encryption-key as dcc-mysql-id, {second}"
    assert {name: (change.after or {})[name] for name in ("key", "identity", "geo_key", "geo_identity")} == {
        "key": f"{AKS_KEY.id}/{NEW}",
        "identity": FIRST,
        "geo_key": f"{NORTH_KEY.id}/{NEW}",
        "geo_identity": SECOND,
    }


@pytest.mark.parametrize(
    ("draft", "target", "without", "code", "field"),
    [
        (replace(DRAFT, geo_identity=FIRST), SERVER, (), "geo-identity", "geo_identity"),
        (replace(DRAFT, geo_identity=f"{GROUP}/identities/nobody"), SERVER, (), "no-identity", "geo_identity"),
        (DRAFT, SERVER, (SECOND,), "missing-right", "geo_identity"),
        (replace(DRAFT, geo_key=AKS_KEY.id), SERVER, (), "geo-region", "geo_key"),
        (replace(DRAFT, geo_key=None), SERVER, (), "geo-key-missing", "geo_key"),
        (replace(DRAFT, geo_identity=None), SERVER, (), "geo-key-missing", "geo_identity"),
        (replace(DRAFT, geo_key=None), PLAIN, (), "no-geo-backup", "geo_identity"),
        (replace(DRAFT, geo_identity=None), PLAIN, (), "no-geo-backup", "geo_key"),
    ],
)
def test_what_forbids_a_second_key(
    draft: AttachDraft, target: Target, without: tuple[str, ...], code: str, field: str
) -> None:
    assert blocking(draft, target, *without)[code] == field
