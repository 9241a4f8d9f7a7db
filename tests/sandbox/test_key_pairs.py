"""Key pairs made ahead: real ones, and none handed out twice."""

from cmk_admin.sandbox import key_pairs, serve
from cmk_admin.sandbox.scenarios import dcc
from cmk_admin.sandbox.services.keyvault.keymaterial import public_jwk


def test_pairs_made_ahead_come_first_and_no_pair_comes_twice() -> None:
    key_pairs.make_ahead(2)
    pems = [*key_pairs.take(1), *key_pairs.take(2), *key_pairs.take(0)]
    assert len(pems) == 3
    assert len({public_jwk(pem)["n"] for pem in pems}) == 3


def test_as_many_are_made_ahead_as_the_scenario_takes() -> None:
    assert serve.PAIRS["dcc"] == dcc.KEY_PAIRS
