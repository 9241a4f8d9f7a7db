"""Signing in with a browser: the page, the code it sends, and who may redeem it."""

import base64
import hashlib
import html
import re
from typing import Any
from urllib.parse import urlencode

import pytest

from . import estate
from .running import Running

pytestmark = pytest.mark.scenario("small")
LOGIN = f"https://login.microsoftonline.com/{estate.TENANT}/oauth2/v2.0"
SCOPE = "https://management.azure.com/.default openid profile offline_access"
VERIFIER = "a-verifier-that-only-the-client-knows"
BACK = "http://localhost:8400"


def page(sandbox: Running, **changed: str) -> Any:
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    query = {
        "client_id": "client",
        "response_type": "code",
        "redirect_uri": BACK,
        "scope": SCOPE,
        "state": "a<b",
        "nonce": "once",
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        **changed,
    }
    return sandbox.send("GET", f"{LOGIN}/authorize?{urlencode(query)}")


def fields_of(text: str) -> dict[str, str]:
    found = re.findall(r'name="(.*?)" value="(.*?)"', text)
    return {name: html.unescape(value) for name, value in found}


def redeemed(sandbox: Running, code: str, **changed: str) -> tuple[int, dict[str, Any]]:
    form = {
        "grant_type": "authorization_code",
        "client_id": "client",
        "code": code,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
        **changed,
    }
    answer = sandbox.send("POST", f"{LOGIN}/token", data=form)
    return answer.status_code, dict(answer.json())


def test_the_page_sends_a_code_that_its_verifier_redeems_once(sandbox: Running) -> None:
    sandbox.control("POST", "browser", {"principal": "administrator"})
    shown = page(sandbox)
    assert shown.headers["Content-Type"].startswith("text/html")
    fields = fields_of(shown.text)
    assert fields["state"] == "a<b"
    status, answer = redeemed(sandbox, fields["code"])
    assert status == 200
    url = f"https://management.azure.com{estate.GROUP}?api-version=2022-12-01"
    assert sandbox.send("GET", url, headers={"Authorization": "Bearer " + answer["access_token"]}).status_code == 200
    assert redeemed(sandbox, fields["code"])[1]["error"] == "invalid_grant"


@pytest.mark.parametrize("changed", [{"code_verifier": "another"}, {"redirect_uri": "http://localhost:9999"}])
def test_a_code_is_of_no_use_to_anybody_else(sandbox: Running, changed: dict[str, str]) -> None:
    sandbox.control("POST", "browser", {"principal": "administrator"})
    code = fields_of(page(sandbox).text)["code"]
    status, answer = redeemed(sandbox, code, **changed)
    assert (status, answer["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "http://evil.example:8400", "http://localhost.evil.example"]
)
def test_a_code_is_sent_to_the_persons_own_machine_only(sandbox: Running, target: str) -> None:
    sandbox.control("POST", "browser", {"principal": "administrator"})
    assert page(sandbox, redirect_uri=target).status_code == 400


def test_where_nobody_sits_there_the_sign_in_is_declined(sandbox: Running) -> None:
    sandbox.control("POST", "browser", {"principal": None})
    fields = fields_of(page(sandbox).text)
    assert fields["error"] == "access_denied"
    assert "code" not in fields


def test_without_a_challenge_there_is_no_page(sandbox: Running) -> None:
    assert page(sandbox, code_challenge="").status_code == 400
