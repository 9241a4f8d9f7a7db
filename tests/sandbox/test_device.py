"""Signing in as a person with a device code: Entra's words at each stage, and tokens that can be refreshed."""

import base64
import json
from typing import Any

import pytest

from cmk_admin.sandbox.services.login import device

from . import estate
from .running import Running

pytestmark = pytest.mark.scenario("small")
LOGIN = f"https://login.microsoftonline.com/{estate.TENANT}/oauth2/v2.0"
SCOPE = "https://management.azure.com/.default openid profile offline_access"


def post(sandbox: Running, path: str, **form: str) -> tuple[int, dict[str, Any]]:
    answer = sandbox.send("POST", f"{LOGIN}/{path}", data=form)
    return answer.status_code, dict(answer.json())


def begun(sandbox: Running) -> dict[str, Any]:
    status, flow = post(sandbox, "devicecode", client_id="client", scope=SCOPE)
    assert status == 200
    return flow


def polled(sandbox: Running, flow: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    return post(sandbox, "token", grant_type=device.DEVICE, device_code=flow["device_code"], client_id="client")


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def test_a_code_that_was_entered_gives_tokens_that_arm_takes(sandbox: Running) -> None:
    flow = begun(sandbox)
    assert flow["user_code"] in flow["message"]
    assert polled(sandbox, flow)[1]["error"] == "authorization_pending"
    principal = sandbox.world.get("principal", sandbox.principal("administrator")["object_id"])
    device.enter(sandbox.world, flow["user_code"], principal)
    status, answer = polled(sandbox, flow)
    assert status == 200
    url = f"https://management.azure.com{estate.GROUP}?api-version=2022-12-01"
    assert sandbox.send("GET", url, headers={"Authorization": "Bearer " + answer["access_token"]}).status_code == 200
    told = claims(answer["id_token"])
    assert (told["aud"], told["tid"]) == ("client", estate.TENANT)
    assert told["preferred_username"] == claims(answer["access_token"])["upn"]
    # A code is good for one sign-in
    assert polled(sandbox, flow)[1]["error"] == "bad_verification_code"


def test_a_refresh_token_gives_tokens_for_other_hosts(sandbox: Running) -> None:
    flow = begun(sandbox)
    principal = sandbox.world.get("principal", sandbox.principal("administrator")["object_id"])
    device.enter(sandbox.world, flow["user_code"].lower(), principal)
    first = polled(sandbox, flow)[1]
    scope = "https://vault.azure.net/.default openid profile offline_access"
    form = {"grant_type": "refresh_token", "client_id": "client", "scope": scope}
    status, answer = post(sandbox, "token", refresh_token=first["refresh_token"], **form)
    assert (status, claims(answer["access_token"])["aud"]) == (200, "https://vault.azure.net")
    status, answer = post(sandbox, "token", refresh_token="not one of ours", **form)
    assert (status, answer["error"]) == (400, "invalid_grant")


def test_declined_and_unknown_codes_are_told_apart(sandbox: Running) -> None:
    declined = begun(sandbox)
    device.enter(sandbox.world, declined["user_code"], None)
    assert polled(sandbox, declined)[1]["error"] == "authorization_declined"
    assert polled(sandbox, {"device_code": "unknown"})[1]["error"] == "bad_verification_code"
    with pytest.raises(ValueError, match="nobody waits"):
        device.enter(sandbox.world, "AAAAAAAAA", None)


@pytest.mark.parametrize("scope", ["", "openid", "https://evil.example/.default", "https://vault.azure.net"])
def test_a_scope_that_is_none_gets_no_code(sandbox: Running, scope: str) -> None:
    status, answer = post(sandbox, "devicecode", client_id="client", scope=scope)
    assert (status, answer["error"]) == (400, "invalid_scope")
