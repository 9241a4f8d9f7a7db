"""What a sandbox says, asked as each identity and by bare requests: nothing here goes through the program's reading."""

import asyncio
import base64
import json
import ssl
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
LONG = 2 * 86400.0
"""Azure's seconds: more than any propagation that is documented."""
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
class Seen:
    """What was asked: who may use what, and which databases have their data."""

    table: Table
    running: dict[str, bool]


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


class Asker:
    """The sandbox with one estate laid in, asked as everybody by bare requests; one connection to each host is kept."""

    def __init__(self, sandbox: Sandbox, drawn: Drawn) -> None:
        """Lay the estate in and restore its copies; a ciphertext for each version, as whoever may read the key makes it."""
        sandbox.post("estate", drawn.estate)
        self._sandbox, self._estate = sandbox, drawn.estate
        self._connection = json.loads(sandbox.file.read_text())
        self._bare = Client(sandbox.file, self._connection)
        self._tokens: dict[str, str] = {}
        for vault, key, other in drawn.restored:
            blob = _read(self._bare.vault("POST", vault, f"/keys/{key}/backup"))["value"]
            _read(self._bare.vault("POST", other, "/keys/restore", json={"value": blob}))
        copied = [(other, vault, key) for vault, key, other in drawn.restored]
        self.sealed = [
            self._sealed(where, f"/keys/{key['name']}/{one['version']}")
            for vault in drawn.estate["vaults"]
            for key in vault["keys"]
            for one in key["versions"]
            for where in (vault["name"], *(o for o, v, k in copied if (v, k) == (vault["name"], key["name"])))
        ]

    async def __aenter__(self) -> "Asker":
        trusted = ssl.create_default_context(cafile=self._connection["ca_file"])
        connector = aiohttp.TCPConnector(ssl=trusted, limit_per_host=_AT_ONCE)
        self._http = aiohttp.ClientSession(proxy=self._connection["proxy"], connector=connector)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()

    def _sealed(self, vault: str, path: str) -> Sealed:
        key = _read(self._bare.vault("GET", vault, path))["key"]
        n, e = (int.from_bytes(_decoded(key[part])) for part in ("n", "e"))
        value = _encoded(rsa.RSAPublicNumbers(e, n).public_key().encrypt(_SECRET, _OAEP))
        return Sealed(vault, path, value, key["n"])

    async def seen(self) -> Seen:
        """What everybody may do when all that was changed counts and every service has asked for its key."""
        self._sandbox.advance(LONG)
        return Seen(await self._table(), self._running())

    async def _table(self) -> Table:
        """What each identity may do with each version: the plaintext comes back, or the vault refuses."""
        who = who_asks(self._estate)
        if not self._tokens:
            known = {one["object_id"]: one for one in self._connection["principals"].values()}
            tokens = await asyncio.gather(*(_token(self._http, known[one]) for one in who))
            self._tokens = dict(zip(who, tokens, strict=True))
        asked = [(one, each, operation) for one in who for each in self.sealed for operation in OPERATIONS]
        answers = await asyncio.gather(
            *(_works(self._http, self._tokens[one], each, operation) for one, each, operation in asked)
        )
        return {(one, each.url, operation): works for (one, each, operation), works in zip(asked, answers, strict=True)}

    def _running(self) -> dict[str, bool]:
        """Which databases have their data, by id: what Azure shows of them."""
        found = {}
        for one in self._estate["consumers"]:
            if one["service"] in _STATES:
                version, name = _STATES[one["service"]]
                found[one["id"]] = _read(self._bare.arm("GET", one["id"], version))["properties"][name] == "Ready"
        return found

    def facts(self) -> dict[str, object]:
        """What a restore has to give back: assignments down to their names, policies, firewalls, states and operations."""
        grants = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleAssignments"
        found: dict[str, object] = {}
        for one in _read(self._bare.arm("GET", grants, "2022-04-01"))["value"]:
            wanted = ("scope", "roleDefinitionId", "principalId", "principalType", "condition", "conditionVersion")
            found[one["id"].lower()] = [str(one["properties"].get(name)).lower() for name in wanted]
        for vault in self._estate["vaults"]:
            properties = _read(self._bare.arm("GET", vault["id"], "2023-07-01"))["properties"]
            policies = sorted(json.dumps(_sorted(one), sort_keys=True) for one in properties["accessPolicies"])
            network = [properties.get("networkAcls"), properties.get("publicNetworkAccess")]
            found[vault["name"]] = (policies, network, properties["enableRbacAuthorization"])
        for version in self.sealed:
            bundle = _read(self._bare.vault("GET", version.vault, version.path))
            state = {name: bundle["attributes"].get(name) for name in ("enabled", "nbf", "exp")}
            found[version.url] = (state, sorted(bundle["key"]["key_ops"]), bundle["key"]["n"])
        return found


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
