"""What a sandbox says, asked as each identity and by bare requests: nothing here goes through the program's reading."""

import asyncio
import base64
import json
import ssl
from collections.abc import Iterable
from dataclasses import dataclass

import aiohttp
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from requests import Response

from tests.sandbox.running import Client
from tests.support import Sandbox

from .making import SUBSCRIPTION, TENANT, Drawn, Node, who_asks

Asked = tuple[str, str, str]
"""An object id, a key version's URL, an operation."""
Table = dict[Asked, bool]
"""Whether it worked."""
OPERATIONS = ("unwrapkey", "decrypt")
_AT_ONCE = 8
_API = {"api-version": "7.4"}
_ALGORITHM = "RSA-OAEP-256"
_OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
_SECRET = b"thirty-two bytes that are secret"
_STATES = {
    "mysql-flexible": ("2023-12-30", "state"),
    "mysql-single": ("2017-12-01", "userVisibleState"),
}


@dataclass(frozen=True)
class Sealed:
    """A secret of ours under the public half of one version."""

    vault: str
    path: str
    value: str
    modulus: str

    @property
    def url(self) -> str:
        return f"https://{self.vault}.vault.azure.net{self.path}"

    @property
    def key(self) -> str:
        """The id of its key, without version."""
        return self.url.rsplit("/", 1)[0]


def client(sandbox: Sandbox) -> Client:
    """Bare requests, with the credentials of the estate that is in the sandbox now."""
    return Client(sandbox.file, json.loads(sandbox.file.read_text()))


def lay(sandbox: Sandbox, drawn: Drawn) -> list[Sealed]:
    """Lay the estate in and restore its copies; a ciphertext for each version, as whoever may read the key makes it."""
    sandbox.post("estate", drawn.estate)
    bare = client(sandbox)
    for vault, key, other in drawn.restored:
        blob = _read(bare.vault("POST", vault, f"/keys/{key}/backup"))["value"]
        _read(bare.vault("POST", other, "/keys/restore", json={"value": blob}))
    copied = [(other, vault, key) for vault, key, other in drawn.restored]
    return [
        _sealed(bare, where, f"/keys/{key['name']}/{one['version']}")
        for vault in drawn.estate["vaults"]
        for key in vault["keys"]
        for one in key["versions"]
        for where in (vault["name"], *(o for o, v, k in copied if (v, k) == (vault["name"], key["name"])))
    ]


def _sealed(bare: Client, vault: str, path: str) -> Sealed:
    key = _read(bare.vault("GET", vault, path))["key"]
    n, e = (int.from_bytes(_decoded(key[part])) for part in ("n", "e"))
    value = _encoded(rsa.RSAPublicNumbers(e, n).public_key().encrypt(_SECRET, _OAEP))
    return Sealed(vault, path, value, key["n"])


async def table(sandbox: Sandbox, sealed: Iterable[Sealed], estate: Node) -> Table:
    """What each identity may do with each version, by asking as it: the plaintext comes back, or the vault refuses."""
    connection = json.loads(sandbox.file.read_text())
    known = {one["object_id"]: one for one in connection["principals"].values()}
    trusted = ssl.create_default_context(cafile=connection["ca_file"])
    room = asyncio.Semaphore(_AT_ONCE)
    async with aiohttp.ClientSession(proxy=connection["proxy"], connector=aiohttp.TCPConnector(ssl=trusted)) as http:

        async def ask(token: str, one: Sealed, operation: str) -> bool:
            async with room:
                return await _works(http, token, one, operation)

        who = who_asks(estate)
        tokens = dict(zip(who, await asyncio.gather(*(_token(http, known[one]) for one in who)), strict=True))
        asked = [(one, sealed_one, operation) for one in who for sealed_one in sealed for operation in OPERATIONS]
        answers = await asyncio.gather(*(ask(tokens[one], each, operation) for one, each, operation in asked))
    return {(one, each.url, operation): works for (one, each, operation), works in zip(asked, answers, strict=True)}


async def _token(http: aiohttp.ClientSession, principal: Node) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": principal["client_id"],
        "client_secret": principal["secret"],
        "scope": "https://vault.azure.net/.default",
    }
    async with http.post(f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token", data=form) as answer:
        assert answer.status == 200, await answer.text()
        return str((await answer.json())["access_token"])


async def _works(http: aiohttp.ClientSession, token: str, one: Sealed, operation: str) -> bool:
    body = {"alg": _ALGORITHM, "value": one.value}
    headers = {"Authorization": f"Bearer {token}"}
    async with http.post(f"{one.url}/{operation}", params=_API, json=body, headers=headers) as answer:
        # 404 is a key that is deleted: nothing else may stand for a refusal.
        assert answer.status in (200, 403, 404), await answer.text()
        if answer.status != 200:
            return False
        assert _decoded((await answer.json())["value"]) == _SECRET
        return True


def running(sandbox: Sandbox, estate: Node) -> dict[str, bool]:
    """Which databases have their data, by id: what Azure shows of them."""
    bare, found = client(sandbox), {}
    for one in estate["consumers"]:
        if one["service"] in _STATES:
            version, name = _STATES[one["service"]]
            found[one["id"]] = _read(bare.arm("GET", one["id"], version))["properties"][name] == "Ready"
    return found


def facts(sandbox: Sandbox, sealed: Iterable[Sealed], estate: Node) -> dict[str, object]:
    """What a restore has to give back: assignments down to their names, policies, firewalls, states and operations."""
    bare = client(sandbox)
    grants = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleAssignments"
    found: dict[str, object] = {}
    for one in _read(bare.arm("GET", grants, "2022-04-01"))["value"]:
        wanted = ("scope", "roleDefinitionId", "principalId", "principalType", "condition", "conditionVersion")
        found[one["id"].lower()] = [str(one["properties"].get(name)).lower() for name in wanted]
    for vault in estate["vaults"]:
        properties = _read(bare.arm("GET", vault["id"], "2023-07-01"))["properties"]
        policies = sorted(json.dumps(_sorted(one), sort_keys=True) for one in properties["accessPolicies"])
        network = [properties.get("networkAcls"), properties.get("publicNetworkAccess")]
        found[vault["name"]] = (policies, network, properties["enableRbacAuthorization"])
    for version in sealed:
        bundle = _read(bare.vault("GET", version.vault, version.path))
        state = {name: bundle["attributes"].get(name) for name in ("enabled", "nbf", "exp")}
        found[version.url] = (state, sorted(bundle["key"]["key_ops"]), bundle["key"]["n"])
    return found


def _read(answer: Response) -> Node:
    assert answer.status_code == 200, answer.text
    content: Node = answer.json()
    return content


def _sorted(policy: Node) -> Node:
    rights = {name: sorted(some) for name, some in policy["permissions"].items() if some}
    return {**policy, "permissions": rights}


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
