"""The way in: TLS by the real names through the proxy, tokens, and the order of what stands before a handler."""

import pytest

from .running import Running

pytestmark = pytest.mark.scenario("small")


def test_the_real_credential_gets_a_token_that_arm_takes(sandbox: Running) -> None:
    token = sandbox.credential().get_token("https://management.core.windows.net//.default")
    answer = sandbox.send(
        "GET",
        "https://management.azure.com/metadata/endpoints?api-version=2022-09-01",
        headers={"Authorization": f"Bearer {token.token}"},
    )
    assert answer.status_code in (200, 404)
