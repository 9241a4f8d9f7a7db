"""The throwaway CA: kept, private, strict enough for every client, and silent about names that do not exist."""

import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from cmk_admin.sandbox.tls import Authority, write_private

from .running import Running


def handshake(authority: Authority, name: str | None, *, strict: bool = True) -> x509.Certificate:
    """Shake hands in memory with a client that checks everything, and hand over the server's certificate."""
    trust = ssl.create_default_context(cafile=str(authority.ca_file))
    if strict:
        trust.verify_flags |= ssl.VERIFY_X509_STRICT
    if name is None:
        trust.check_hostname = False
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trust.wrap_bio(down, up, server_hostname=name)
    server = authority.server_context(lambda host: host != "gone.vault.azure.net").wrap_bio(up, down, server_side=True)
    for _ in range(6):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    der = client.getpeercert(binary_form=True)
    assert der is not None
    return x509.load_der_x509_certificate(der)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("management.azure.com", "management.azure.com"),
        ("login.microsoftonline.com", "login.microsoftonline.com"),
        ("graph.microsoft.com", "graph.microsoft.com"),
        ("dcc-premium.vault.azure.net", "*.vault.azure.net"),
        ("DCC-Premium.Vault.Azure.Net", "*.vault.azure.net"),
    ],
)
def test_each_host_gets_its_certificate_and_passes_the_strictest_check(tmp_path: Path, host: str, name: str) -> None:
    certificate = handshake(Authority(tmp_path), host)
    names = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    assert isinstance(names, x509.SubjectAlternativeName)
    assert names.get_values_for_type(x509.DNSName) == [name]


@pytest.mark.parametrize("host", ["gone.vault.azure.net", None])
def test_a_name_without_an_address_is_not_served(tmp_path: Path, host: str | None) -> None:
    with pytest.raises(ssl.SSLError):
        handshake(Authority(tmp_path), host)


def test_the_authority_is_kept_and_leaves_nothing_else_behind(tmp_path: Path) -> None:
    first = Authority(tmp_path)
    handshake(first, "management.azure.com")
    before = first.ca_file.read_bytes()
    assert Authority(tmp_path).ca_file.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["ca-key.pem", "ca.pem"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}


def test_two_sandboxes_do_not_trust_each_other(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    one, two = Authority(tmp_path / "one"), Authority(tmp_path / "two")
    two.ca_file.write_bytes(one.ca_file.read_bytes())
    with pytest.raises(ssl.SSLError):
        handshake(two, "management.azure.com")


def test_a_file_is_put_in_place_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "file"
    write_private(file, b"one")
    file.chmod(0o644)
    write_private(file, b"two")
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (b"two", 0o600)
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.scenario("small")
def test_a_vault_made_later_has_an_address_from_then_on(sandbox: Running) -> None:
    from . import estate

    path = estate.VAULT.replace("/small", "/made-later")
    body = {
        "location": "westeurope",
        "properties": {
            "tenantId": estate.TENANT,
            "sku": {"family": "A", "name": "premium"},
            "enableRbacAuthorization": True,
            "accessPolicies": [],
        },
    }
    answer = sandbox.arm("PUT", path, "2023-07-01", json=body)
    assert answer.status_code in (200, 201), answer.text
    assert sandbox.vault("GET", "made-later", "/keys").status_code == 200
