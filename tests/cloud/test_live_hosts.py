"""A token goes to the hosts of the configured cloud and nowhere else, whoever names the address."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from azure.core.credentials import AccessToken
from azure.core.pipeline import PipelineContext, PipelineRequest
from azure.core.pipeline.transport import HttpRequest
from hypothesis import given
from hypothesis import strategies as st

from cmk_admin.cloud.names import CLOUDS, CloudNames
from cmk_admin.cloud.pipeline import TokenPolicy, Tokens
from cmk_admin.cloud.session import LongRunning, Reply, Session
from cmk_admin.domain.errors import AzureFailure, FailureKind

from .conftest import Azure, Run

# Microsoft: azure-mgmt-core tools.py, azure-core AzureClouds, Key Vault and Managed HSM national-cloud tables
DOCUMENTED = {
    "public": (
        "management.azure.com",
        "https://management.azure.com/.default",
        "login.microsoftonline.com",
        "graph.microsoft.com",
        ".vault.azure.net",
        ".managedhsm.azure.net",
    ),
    "usgov": (
        "management.usgovcloudapi.net",
        "https://management.core.usgovcloudapi.net/.default",
        "login.microsoftonline.us",
        "graph.microsoft.us",
        ".vault.usgovcloudapi.net",
        ".managedhsm.usgovcloudapi.net",
    ),
    "china": (
        "management.chinacloudapi.cn",
        "https://management.chinacloudapi.cn/.default",
        "login.chinacloudapi.cn",
        "microsoftgraph.chinacloudapi.cn",
        ".vault.azure.cn",
        ".managedhsm.azure.cn",
    ),
}

LABEL = st.from_regex(r"[0-9a-z-]{3,24}", fullmatch=True)
CLOUD = st.sampled_from(sorted(CLOUDS))


def good_hosts(names: CloudNames) -> st.SearchStrategy[str]:
    vaults = st.builds(lambda label, suffix: label + suffix, LABEL, st.sampled_from(names.vault_suffixes))
    hsms = st.builds(lambda label, suffix: label + suffix, LABEL, st.sampled_from(names.hsm_suffixes))
    return st.one_of(st.just(names.arm_host), st.just(names.graph_host), vaults, hsms)


@st.composite
def lookalikes(draw: st.DrawFn) -> tuple[str, str]:
    """A cloud, and an address that looks like one of its hosts and is not."""
    cloud = draw(CLOUD)
    host = draw(good_hosts(CLOUDS[cloud]))
    other = draw(st.sampled_from([one for one in sorted(CLOUDS) if one != cloud]))
    foreign = draw(good_hosts(CLOUDS[other]))
    return cloud, draw(
        st.sampled_from(
            [
                f"https://{host}.evil.example/",
                f"https://evil.example/{host}",
                f"https://{host}@evil.example/",
                f"https://evil.example#@{host}/",
                f"https://evil.example\\@{host}/",
                f"https://user:pass@{host}/",
                f"https://{host}:8443/",
                f"https://{host}./",
                f"https://evil-{host}.example/",
                f"https://xn--{host}.example/",
                f"https://a.b.{host}/",
                f"https://evil{host.replace('.', '-')}/",
                f"http://{host}/",
                f"https://{foreign}/",
                f"https://privatelink{CLOUDS[cloud].vault_suffixes[0].replace('.vault', '.vaultcore')}/",
                f"https://{CLOUDS[cloud].vault_suffixes[0][1:]}/",
                f"https://{CLOUDS[cloud].authority}/",
                "https://127.0.0.1/",
                "https://[::1]/",
                f"ftp://{host}/",
                f"//{host}/",
            ]
        )
    )


class Counting:
    """A credential that notes what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self.asked += scopes
        return AccessToken("token", 4_000_000_000)

    async def close(self) -> None:
        """Holds nothing."""

    async def __aenter__(self) -> "Counting":
        return self

    async def __aexit__(self, *_: object) -> None:
        return None


def sent_with(cloud: str, url: str) -> tuple[str | None, list[str]]:
    """The scope whose token a request to `url` would carry; None: it is not sent. And what the credential was asked for."""
    credential = Counting()
    policy = TokenPolicy(CLOUDS[cloud], Tokens(credential))
    try:
        request = HttpRequest("GET", url)
        scope = policy._scope_of(
            PipelineRequest(request, PipelineContext(None)).http_request.url, url[: url.find("/", 8)]
        )
    except (AzureFailure, ValueError):
        return None, credential.asked
    return scope, credential.asked


@pytest.mark.parametrize("cloud", sorted(DOCUMENTED))
def test_endpoints_scopes_and_suffixes_are_the_documented_ones(cloud: str) -> None:
    names = CLOUDS[cloud]
    arm, scope, authority, graph, vault, hsm = DOCUMENTED[cloud]
    assert (names.arm_host, names.arm_scope, names.authority, names.graph_host) == (arm, scope, authority, graph)
    assert (names.vault_suffixes, names.hsm_suffixes) == ((vault,), (hsm,))
    assert names.scope_of("contoso" + vault) == f"https://{vault[1:]}/.default"
    assert names.scope_of("contoso" + hsm) == f"https://{hsm[1:]}/.default"
    assert names.scope_of(graph) == f"https://{graph}/.default"


@given(st.data())
def test_each_host_of_a_cloud_gets_the_token_of_its_plane(data: st.DataObject) -> None:
    names = CLOUDS[data.draw(CLOUD)]
    host = data.draw(good_hosts(names))
    scope, _ = sent_with(names.name, f"https://{host}/keys")
    assert scope == names.scope_of(host)
    if scope not in (names.arm_scope,):
        # The audience of a token names the host that it is for
        assert host.endswith(urlsplit(scope or "").hostname or "?")


@given(lookalikes())
def test_what_looks_like_a_host_of_the_cloud_gets_nothing(given_: tuple[str, str]) -> None:
    cloud, url = given_
    assert sent_with(cloud, url) == (None, [])


@given(CLOUD, st.text(min_size=1))
def test_any_other_host_gets_nothing(cloud: str, host: str) -> None:
    names = CLOUDS[cloud]
    known = {names.arm_host, names.graph_host}
    if host in known or host.endswith((*names.vault_suffixes, *names.hsm_suffixes)):
        return
    with pytest.raises(AzureFailure):
        names.scope_of(host)


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/subscriptions/x/operations/1",
        "https://management.azure.com.evil.example/1",
        "https://management.azure.com@evil.example/1",
        "https://management.usgovcloudapi.net/1",
        "https://[::1]/1",
    ],
)
def test_a_long_running_operation_elsewhere_is_not_followed(looking: Session, address: str) -> None:
    for header in ("Azure-AsyncOperation", "Location"):
        with pytest.raises(AzureFailure) as refused:
            looking.long_running(Reply(202, None, {header: address}))
        assert refused.value.kind is FailureKind.SIGN_IN


@pytest.mark.parametrize("address", ["http://management.azure.com/1", "https://management.azure.com:8443/1"])
def test_a_long_running_operation_without_plain_https_is_not_asked(
    looking: Session, shared: Azure, run: Run[Any], address: str
) -> None:
    before = shared.requests("GET", "")
    with pytest.raises(AzureFailure):
        run(looking.poll(LongRunning(address=address)))
    assert shared.requests("GET", "") == before


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(hasty: Session, lent: Azure, run: Run[Any], status: int) -> None:
    lent.fault(f"GET management.azure.com/subscriptions* status:{status}")
    with pytest.raises(AzureFailure) as refused:
        run(hasty.arm("GET", "/subscriptions", api_version="2022-12-01"))
    assert (refused.value.kind, refused.value.status) == (FailureKind.FAILED, status)


def test_a_challenge_brings_nobody_elsewhere(hasty: Session, lent: Azure, run: Run[Any]) -> None:
    host = "dcc-premium.vault.azure.net"
    lent.fault(f"GET {host}/keys* status:401")
    before = len(lent.requests("GET", ""))
    with pytest.raises(AzureFailure) as refused:
        run(hasty.vault("GET", host, "/keys"))
    assert refused.value.kind is FailureKind.SIGN_IN
    # Asked once more with a new token of the vault's own plane, which no answer chooses
    assert [each["host"] for each in lent.requests("GET", "")[before:]] == [host, host]


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/keys?api-version=2025-07-01",
        "https://dcc-lab.vault.azure.net/keys",
        "https://dcc-premium.vault.azure.net@evil.example/keys",
        "https://dcc-premium.vault.azure.net.evil.example/keys",
    ],
)
def test_a_next_link_elsewhere_is_not_followed(looking: Session, shared: Azure, run: Run[Any], link: str) -> None:
    before = shared.requests("GET", "")
    with pytest.raises(AzureFailure):
        run(looking.vault("GET", "dcc-premium.vault.azure.net", link))
    with pytest.raises(AzureFailure):
        run(looking.arm("GET", link, api_version="2022-12-01"))
    with pytest.raises(AzureFailure):
        run(looking.graph("GET", link))
    assert shared.requests("GET", "") == before
