"""The heart: whatever the estate, a revoke that says *done* has closed every route, cut nobody else, and can be given back.

The sandbox is asked as each identity, not the program's analysis.
"""

import asyncio
import base64
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import HealthCheck, Phase, event, given, reject, settings
from hypothesis import strategies as st

from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure
from cmk_admin.domain.ids import parse_key_id
from cmk_admin.domain.model import Estate
from cmk_admin.domain.plan import PathState, Plan
from cmk_admin.domain.steps import Outcome
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.backend import open_backend
from cmk_admin.runtime.connection import read_connection
from tests.support import Sandbox, serve

from .estates.making import Node, estates

Table = dict[tuple[str, str, str], bool]
"""Whether it worked: object id, key version's URL, operation."""
LONG = 2 * 86400.0
"""Azure's seconds: more than any propagation that is documented."""
Sealed = dict[tuple[str, str], str]
"""A ciphertext for each version: its vault's host, its path."""
_ALGORITHM = "RSA-OAEP-256"
_OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
_SECRET = b"thirty-two bytes that are secret"
METHODS = ("grants", "disable", "operations", "firewall", "delete")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    running = serve(tmp_path_factory.mktemp("heart"), speed=600)
    yield running
    running.stop()


def _versions(estate: Node) -> list[tuple[str, str]]:
    return [
        (f"{vault['name']}.vault.azure.net", f"/keys/{key['name']}/{one['version']}")
        for vault in estate["vaults"]
        for key in vault["keys"]
        for one in key["versions"]
    ]


async def _ciphertexts(sandbox: Sandbox, estate: Node) -> Sealed:
    """A secret of ours under the public half of each version, as whoever may read the key would make it."""
    session = await Session.open(read_connection(sandbox.file))
    found: Sealed = {}
    try:
        for host, path in _versions(estate):
            key = (await session.vault("GET", host, path, urgent=True)).body["key"]
            n, e = (int.from_bytes(_decoded(key[part])) for part in ("n", "e"))
            found[host, path] = _encoded(rsa.RSAPublicNumbers(e, n).public_key().encrypt(_SECRET, _OAEP))
    finally:
        await session.close()
    return found


async def _table(sandbox: Sandbox, sealed: Sealed, estate: Node) -> Table:
    """What each identity may do with each version, by asking as it: the plaintext comes back, or the vault refuses."""
    connection = read_connection(sandbox.file)
    names = {one.object_id: name for name, one in connection.principals.items()}
    found: Table = {}
    for who in (one["object_id"] for one in estate["principals"] if one["kind"] == "ServicePrincipal"):
        session = await Session.open(connection, principal=names[who])
        try:
            for (host, path), value in sealed.items():
                for operation in ("unwrapkey", "decrypt"):
                    found[who, f"https://{host}{path}", operation] = await _works(session, host, path, operation, value)
        finally:
            await session.close()
    return found


async def _works(session: Session, host: str, path: str, operation: str, value: str) -> bool:
    body = {"alg": _ALGORITHM, "value": value}
    try:
        answer = await session.vault("POST", host, f"{path}/{operation}", body=body, urgent=True)
    except AzureFailure as failure:
        # 404 is a key that is deleted: nothing else may stand for a refusal.
        if failure.status not in (403, 404):
            raise
        return False
    assert _decoded(answer.body["value"]) == _SECRET
    return True


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _facts(estate: Estate) -> tuple[object, ...]:
    """What a restore has to give back: grants down to their names, policies, firewalls, states and operations of keys."""
    grants = {
        (a.id.lower(), a.scope.lower(), a.role_definition_id, a.principal_id, a.condition)
        for a in estate.role_assignments
    }
    vaults = {
        v.id: (set(map(repr, v.access_policies)), v.default_deny, v.public_access, v.trusted_bypass)
        for v in estate.vaults
    }
    keys = {key.id: (key.enabled, key.operations, repr(key.versions)) for key in estate.keys}
    return grants, vaults, keys


def _holds(sandbox: Sandbox, estate: Node, target: int, method: str, home: Path) -> None:
    asyncio.run(_story(sandbox, estate, target, method, home))


async def _story(sandbox: Sandbox, estate: Node, target: int, method: str, home: Path) -> None:
    sandbox.post("estate", estate)
    sealed = await _ciphertexts(sandbox, estate)
    before = await _table(sandbox, sealed, estate)
    usable = sorted({(who, url) for (who, url, _), works in before.items() if works})
    if not usable:
        # Nothing to cut: another estate is drawn instead, and does not count.
        reject()
    who, url = usable[target % len(usable)]
    key = url.rsplit("/", 1)[0]
    backend = await open_backend(read_connection(sandbox.file), home)
    try:
        facts = _facts(await backend.read())
        whom = (who,) if method == "grants" else ()
        plan = await backend.prepare_revoke(RevokeDraft(key=parse_key_id(url).key, principals=whom, method=method))
        if plan.problems:
            event(f"{method}: impossible")
            event(f"why: {plan.problems[0]}"[:160])
            return
        done = await backend.run(plan, watch=False)
        sandbox.advance(LONG)
        after = await _table(sandbox, sealed, estate)
        event(f"{method}: {done.outcome}")
        _assert_cut(plan, done.outcome, (before, after), whom, key)
        back = await backend.run(await backend.prepare_restore(done.operation), watch=False)
        sandbox.advance(LONG)
        again = await _table(sandbox, sealed, estate)
        if not plan.not_restored:
            assert back.outcome is Outcome.DONE, back.log
            assert again == before
            assert _facts(await backend.read()) == facts
    finally:
        await backend.close()


def _assert_cut(plan: Plan, outcome: Outcome, tables: tuple[Table, Table], whom: tuple[str, ...], key: str) -> None:
    before, after = tables
    of_key = {one for one in before if one[1].startswith(f"{key}/") and (not whom or one[0] in whom)}
    works = {one for one in of_key if after[one]}
    if outcome is Outcome.DONE:
        assert not works, (plan.steps, works)
    # What is not closed must be told, and only a revoke that ended may be judged by what it told.
    told = {path.principal.lower() for path in plan.paths if path.state is not PathState.WILL_CLOSE}
    assert {one[0] for one in works} <= told or outcome not in (Outcome.DONE, Outcome.PARTIAL), (plan.paths, works)
    lost = {one for one in before if before[one] and not after[one]} - of_key
    named = {path.principal.lower() for path in plan.paths}
    scopes = " ".join(f"{step.target} {step.words}" for step in plan.steps).lower()
    for identity, url, _ in lost:
        host = url.split("/")[2].split(".")[0]
        assert identity in named or (host in scopes and plan.method == "firewall"), (plan, identity, url)


_choices = given(estate=estates(), target=st.integers(0, 40), method=st.sampled_from(("grants", *METHODS)))
_settings = {"deadline": None, "print_blob": True, "suppress_health_check": list(HealthCheck), "database": None}


@settings(max_examples=12, derandomize=True, **_settings)  # type: ignore[arg-type]
@_choices
def test_what_is_called_done_is_closed_and_is_given_back(
    sandbox: Sandbox, estate: Node, target: int, method: str
) -> None:
    with tempfile.TemporaryDirectory() as home:
        _holds(sandbox, estate, target, method, Path(home))


@pytest.mark.full
@settings(max_examples=100, phases=[Phase.generate], **_settings)  # type: ignore[arg-type]
@_choices
def test_in_any_estate_what_is_called_done_is_closed(sandbox: Sandbox, estate: Node, target: int, method: str) -> None:
    with tempfile.TemporaryDirectory() as home:
        _holds(sandbox, estate, target, method, Path(home))
