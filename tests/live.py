"""The sandbox as if it were a real cloud: real names through its proxy, its authority as the machine's, no connection file."""

import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

NAMES = (
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_AUTHORITY_HOST",
    "AZURE_FEDERATED_TOKEN_FILE",
    "IDENTITY_ENDPOINT",
    "MSI_ENDPOINT",
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "BROWSER",
)
"""What the environment may say of a sign-in and of the way there: a test starts without any of it."""


def way_there(described: dict[str, Any], proxy: str | None = None) -> dict[str, str]:
    """The proxy and the trust store."""
    return {"HTTPS_PROXY": proxy or str(described["proxy"]), "SSL_CERT_FILE": str(described["ca_file"])}


def service_principal(described: dict[str, Any], name: str = "administrator") -> dict[str, str]:
    """The environment that signs in as one of the sandbox's principals."""
    who = described["principals"][name]
    return {
        "AZURE_TENANT_ID": str(described["tenant_id"]),
        "AZURE_CLIENT_ID": str(who["client_id"]),
        "AZURE_CLIENT_SECRET": str(who["secret"]),
    }


def enter(monkeypatch: pytest.MonkeyPatch, *environments: dict[str, str]) -> None:
    """Put the test's process into such an environment, and into nothing else of that kind."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    for environment in environments:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)


def outside(*environments: dict[str, str]) -> dict[str, str]:
    """The same for a process that a test starts."""
    mine = {name: value for name, value in os.environ.items() if name not in NAMES}
    for environment in environments:
        mine |= environment
    return mine


def program_called_az(folder: Path, *lines: str) -> Path:
    """Put a program called ``az`` into `folder`, which does what the lines of Python say; returns the folder.

    It notes its arguments in ``az.arguments``, one JSON list a line.
    """
    folder.mkdir(parents=True, exist_ok=True)
    note = f"open({str(folder / 'az.arguments')!r}, 'a').write(json.dumps(sys.argv[1:]) + '\\n')"
    file = folder / "az"
    file.write_text("\n".join([f"#!{sys.executable}", "import json, sys", note, *lines]) + "\n", encoding="utf-8")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return folder


def arguments_of_az(folder: Path) -> list[list[str]]:
    """What az was called with, each time."""
    file = folder / "az.arguments"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def browser_of_a_person(folder: Path) -> dict[str, str]:
    """A program as a browser is: it opens the page, and sends what the page sends."""
    script = folder / "browser.py"
    script.write_text(
        "import html, os, re, sys, urllib.parse, urllib.request\n"
        "page = urllib.request.urlopen(sys.argv[1]).read().decode()\n"
        "action = html.unescape(re.search('action=\"(.*?)\"', page)[1])\n"
        'fields = re.findall(\'name="(.*?)" value="(.*?)"\', page)\n'
        "form = urllib.parse.urlencode({name: html.unescape(value) for name, value in fields}).encode()\n"
        "direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))\n"
        "sys.stderr.write(direct.open(action, form).read().decode()[:0])\n"
    )
    return {"BROWSER": f"{sys.executable} {script} %s &"}
