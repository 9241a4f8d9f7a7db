"""Discovery documents and token endpoints, v1 and v2.0, as MSAL and others ask for them."""

import time
from typing import Any

from cmk_admin.sandbox import entra, hosts
from cmk_admin.sandbox.wire import Answer, Call, Routes

from . import browser, device, model

AUTHORITY = "https://login.microsoftonline.com"
# Names that stand for "any tenant": discovery answers them, a client credential cannot use them.
ANY_TENANT = ("common", "organizations", "consumers")


def register(routes: Routes) -> None:
    """Register the sign-in hosts' routes."""
    routes.login("GET", "/{tenant}/v2.0/.well-known/openid-configuration")(_configuration_v2)
    routes.login("GET", "/{tenant}/.well-known/openid-configuration")(_configuration_v1)
    routes.login("GET", "/{tenant}/discovery/instance")(_instances)
    routes.login("GET", "/{tenant}/discovery/v2.0/keys")(_keys)
    routes.login("GET", "/{tenant}/discovery/keys")(_keys)
    routes.login("POST", "/{tenant}/oauth2/v2.0/token")(_token_v2)
    routes.login("POST", "/{tenant}/oauth2/v2.0/devicecode")(_device_code)
    routes.login("GET", "/{tenant}/oauth2/v2.0/authorize")(_authorize)
    routes.login("POST", "/{tenant}/oauth2/token")(_token_v1)


async def _configuration_v2(call: Call) -> Answer:
    tenant = _discoverable(call)
    return Answer(_configuration(tenant, "/v2.0", f"{AUTHORITY}/{tenant}/v2.0"))


async def _configuration_v1(call: Call) -> Answer:
    tenant = _discoverable(call)
    return Answer(_configuration(tenant, "", entra.issuer(tenant)))


async def _instances(call: Call) -> Answer:
    return Answer(
        {
            "tenant_discovery_endpoint": f"{AUTHORITY}/{call.params['tenant']}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [
                {
                    "preferred_network": hosts.LOGIN[0],
                    "preferred_cache": "login.windows.net",
                    "aliases": list(hosts.LOGIN),
                }
            ],
        }
    )


async def _keys(call: Call) -> Answer:
    _discoverable(call)
    return Answer(entra.jwks(call.world))


async def _device_code(call: Call) -> Answer:
    _discoverable(call)
    return Answer(device.begin(call.world, device.form_of(call.body)))


async def _authorize(call: Call) -> Answer:
    _discoverable(call)
    page = browser.page(call.world, call.query, device.audience_of(call.query))
    return Answer(page, headers={"Content-Type": "text/html; charset=utf-8"})


async def _token_v2(call: Call) -> Answer:
    form = device.form_of(call.body)
    if form.get("grant_type") in device.GRANTS:
        _discoverable(call)
        return Answer(device.token(call.world, form))
    model.check_tenant(call.world, call.params["tenant"])
    principal, audience = model.client_credentials(call.world, call.body, call.headers, v2=True)
    return Answer(
        {
            "token_type": "Bearer",
            "expires_in": entra.LIFETIME,
            "ext_expires_in": entra.LIFETIME,
            "access_token": entra.mint(call.world, principal, audience),
        }
    )


async def _token_v1(call: Call) -> Answer:
    model.check_tenant(call.world, call.params["tenant"])
    principal, audience = model.client_credentials(call.world, call.body, call.headers, v2=False)
    now = int(time.time())
    # The v1 endpoint writes its numbers as texts.
    return Answer(
        {
            "token_type": "Bearer",
            "expires_in": str(entra.LIFETIME),
            "ext_expires_in": str(entra.LIFETIME),
            "expires_on": str(now + entra.LIFETIME),
            "not_before": str(now),
            "resource": audience,
            "access_token": entra.mint(call.world, principal, audience),
        }
    )


def _discoverable(call: Call) -> str:
    tenant = call.params["tenant"].lower()
    if tenant in ANY_TENANT:
        return "{tenantid}"
    model.check_tenant(call.world, tenant)
    return call.world.tenant_id


def _configuration(tenant: str, version: str, issuer: str) -> dict[str, Any]:
    base = f"{AUTHORITY}/{tenant if tenant != '{tenantid}' else 'common'}"
    return {
        "token_endpoint": f"{base}/oauth2{version}/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "jwks_uri": f"{base}/discovery{version}/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer,
        "authorization_endpoint": f"{base}/oauth2{version}/authorize",
        "device_authorization_endpoint": f"{base}/oauth2{version}/devicecode",
        "end_session_endpoint": f"{base}/oauth2{version}/logout",
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": hosts.GRAPH,
    }
