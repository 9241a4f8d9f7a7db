"""The system's proxy and trust store, as the environment names them."""

import ssl
from pathlib import Path

import pytest

from cmk_admin.domain.errors import BadInput
from cmk_admin.runtime.proxy import proxy_for, system_trust
from tests.live import enter

VAULT = "contoso.vault.azure.net"


@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://proxy:8080"}, "http://proxy:8080"),
        ({"https_proxy": "proxy:8080"}, "http://proxy:8080"),
        ({"ALL_PROXY": "http://proxy:8080"}, "http://proxy:8080"),
        ({"HTTP_PROXY": "http://proxy:8080"}, None),
        ({"HTTPS_PROXY": "http://proxy:8080", "NO_PROXY": ".vault.azure.net"}, None),
        ({"HTTPS_PROXY": "http://proxy:8080", "NO_PROXY": "*"}, None),
        ({"HTTPS_PROXY": "http://proxy:8080", "NO_PROXY": "login.microsoftonline.com"}, "http://proxy:8080"),
        ({"HTTPS_PROXY": "http://jo:secret@proxy:8080"}, "http://jo:secret@proxy:8080"),
    ],
)
def test_a_host_is_reached_by_the_proxy_that_the_environment_names(
    environment: dict[str, str], proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(monkeypatch, environment)
    assert proxy_for(VAULT) == proxy


@pytest.mark.parametrize("proxy", ["socks5://proxy:1080", "ftp://proxy", "http://"])
def test_a_proxy_of_another_kind_is_bad_input(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(monkeypatch, {"HTTPS_PROXY": proxy})
    with pytest.raises(BadInput) as refused:
        proxy_for(VAULT)
    assert refused.value.code == "bad-proxy"


def test_a_proxys_password_stands_in_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    enter(monkeypatch, {"HTTPS_PROXY": "socks5://jo:secret@proxy:1080"})
    with pytest.raises(BadInput) as refused:
        proxy_for(VAULT)
    assert "secret" not in f"{refused.value.message}{refused.value.next}{refused.value.subject}"


def test_certificates_and_names_are_always_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    enter(monkeypatch)
    context = system_trust()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_trust_store_that_is_not_there_is_told_before_anything_is_sent(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(monkeypatch, {name: str(tmp_path / "none.pem")})
    with pytest.raises(BadInput) as refused:
        system_trust()
    assert refused.value.code == "bad-trust"
    assert name in refused.value.message
