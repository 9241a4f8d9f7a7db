"""The network can go away: every connection is reset, and the control alone still answers."""

import pytest
import requests

from . import estate
from .running import Running


@pytest.mark.scenario("small")
def test_a_lost_network_resets_everything_but_the_control(sandbox: Running) -> None:
    assert sandbox.arm("GET", estate.VAULT, "2023-07-01").status_code == 200
    sandbox.control("POST", "network", {"up": False})
    for session in (sandbox.session(), sandbox):
        send = session.request if isinstance(session, requests.Session) else session.send
        with pytest.raises(requests.exceptions.ConnectionError):
            send("GET", "https://management.azure.com/subscriptions", timeout=10)
    assert sandbox.control("GET", "clock")["speed"] == 1
    sandbox.control("POST", "network", {"up": True})
    assert sandbox.arm("GET", estate.VAULT, "2023-07-01").status_code == 200
