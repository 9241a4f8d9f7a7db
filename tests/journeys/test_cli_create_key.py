"""Create a key from the command line: what it is, Microsoft's client says; what makes no sense is refused unsent."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.keyvault.keys import KeyVaultKey

from tests.journeys.workshop import PREMIUM, Workshop, done, nothing_sent, often_and_seldom, planned, refused, undone
from tests.support import Program, Sandbox

KEY = "ws-premium/pay-key"
MADE = ("create-key", KEY, "--for", "mysql")


def bits(key: KeyVaultKey) -> int:
    modulus = getattr(key.key, "n")  # noqa: B009 - the SDK sets its attributes without declaring them
    assert isinstance(modulus, bytes)
    return len(modulus) * 8


def test_a_key_is_what_its_purpose_needs_and_its_backup_holds_it(
    workshop: Sandbox, maker: Program, tmp_path: Path
) -> None:
    file = tmp_path / "pay.backup"
    options = (
        "--tag",
        "owner=pay ments",
        "--tag",
        "note=a=b",
        "--expires",
        "2099-01-31T12:00+01:00",
        "--backup",
        str(file),
    )
    report = done(maker.json(*MADE, *options, "--yes", "--reason", "new database", "--ticket", "CHG-7"), "create-key")
    assert [one["verb"] for one in report["steps"]] == ["create-key", "backup-key"]
    admin = Workshop(workshop)
    made = admin.keys(PREMIUM).get_key("pay-key")
    assert (made.key_type, bits(made)) == ("RSA-HSM", 2048)
    assert sorted(made.key_operations) == ["unwrapKey", "wrapKey"]
    assert made.properties.tags == {"owner": "pay ments", "note": "a=b"}
    assert made.properties.expires_on == datetime(2099, 1, 31, 11, tzinfo=UTC)
    assert made.properties.not_before is None
    assert made.properties.enabled
    assert len(list(admin.keys(PREMIUM).list_properties_of_key_versions("pay-key"))) == 1

    assert file.stat().st_mode & 0o777 == 0o600
    elsewhere = admin.keys("https://ws-thirty.vault.azure.net").restore_key_backup(file.read_bytes())
    wrapped = admin.wrap(made.id)
    assert admin.unwraps(wrapped, elsewhere.id)

    listed = maker.json("operations").json["operations"]
    assert [(one["verb"], one["outcome"], one["reason"], one["ticket"]) for one in listed] == [
        ("create-key", "done", "new database", "CHG-7")
    ]


@pytest.mark.full
@pytest.mark.parametrize(
    ("target", "options", "wanted"),
    [
        ("ws-premium/four", ["--size", "4096", "--ops", "sign,verify"], ("RSA-HSM", 4096, ["sign", "verify"])),
        ("ws-standard/soft", ["--type", "RSA", "--size", "3072"], ("RSA", 3072, ["unwrapKey", "wrapKey"])),
        ("ws-policies/policy", ["--for", "aks-etcd"], ("RSA-HSM", 2048, ["decrypt", "encrypt"])),
        ("https://ws-premium.vault.azure.net/keys/by-id", [], ("RSA-HSM", 2048, ["unwrapKey", "wrapKey"])),
    ],
)
def test_a_key_is_made_as_it_was_chosen(
    workshop: Sandbox, maker: Program, target: str, options: list[str], wanted: tuple[str, int, list[str]]
) -> None:
    done(maker.json("create-key", target, *options, "--not-before", "2001-01-01", "--yes"), "create-key")
    vault, name = target.removeprefix("https://").replace(".vault.azure.net/keys", "").split("/")
    made = Workshop(workshop).keys(f"https://{vault}.vault.azure.net").get_key(name)
    assert (made.key_type, bits(made), sorted(made.key_operations)) == wanted
    assert made.properties.not_before == datetime(2001, 1, 1, tzinfo=UTC)


def test_undo_is_a_soft_delete_and_the_name_stays_taken(workshop: Sandbox, maker: Program) -> None:
    report = done(maker.json(*MADE, "--yes"), "create-key")
    shown = maker.json("undo", report["operation"], "--plan")
    assert "its name stays taken" in shown.json["steps"][0]["words"]
    undone(maker, report)
    keys = Workshop(workshop).keys(PREMIUM)
    with pytest.raises(ResourceNotFoundError):
        keys.get_key("pay-key")
    assert keys.get_deleted_key("pay-key").name == "pay-key"
    refused(workshop, maker, list(MADE), "is the name of a deleted key of ws-premium")
    again = maker.json("undo", report["operation"], "--yes")
    assert again.status == 1
    assert again.json["error"]["code"] == "already-given-back"


@pytest.mark.full
def test_an_undo_of_a_key_with_a_backup_is_partial_since_the_file_stays(
    workshop: Sandbox, maker: Program, tmp_path: Path
) -> None:
    file = tmp_path / "pay.backup"
    report = done(maker.json(*MADE, "--backup", str(file), "--yes"), "create-key")
    back = maker.json("undo", report["operation"], "--yes")
    assert (back.status, back.json["outcome"]) == (1, "partial")
    assert file.exists()
    assert Workshop(workshop).keys(PREMIUM).get_deleted_key("pay-key").name == "pay-key"


@pytest.mark.full
def test_an_undo_never_deletes_a_key_that_a_server_uses(workshop: Sandbox, maker: Program) -> None:
    report = done(maker.json(*MADE, "--yes"), "create-key")
    attach = ("attach", KEY, "--consumer", "ws-mysql", "--identity", "ws-free-id", "--yes")
    done(maker.json(*attach), "attach")
    with nothing_sent(workshop):
        back = maker.json("undo", report["operation"], "--yes")
    assert back.status == 1
    assert "ws-mysql uses pay-key" in back.json["error"]["message"]


def test_the_plan_has_one_hash_and_only_that_is_run(workshop: Sandbox, maker: Program) -> None:
    line = (*MADE, "--tag", "b=2", "--tag", "a=1", "--ops", "wrapKey,unwrapKey")
    turned = (*MADE, "--ops", "unwrapKey,wrapKey", "--tag", "a=1", "--tag", "b=2")
    with nothing_sent(workshop):
        first, second = planned(maker, *line), planned(maker, *turned)
        assert first["hash"] == second["hash"] == planned(maker, *line)["hash"]
        wrong = maker.json(*line, "--yes", "--expect", "0" * 64)
        assert (wrong.status, wrong.json["error"]["code"]) == (1, "plan-changed")
        shown = maker.json(*line)
        assert (shown.status, shown.json["hash"]) == (1, first["hash"])
    done(maker.json(*turned, "--yes", "--expect", first["hash"]), "create-key")


@pytest.mark.parametrize(
    ("target", "options", "said"),
    often_and_seldom(
        ("ws-standard/new", [], "ws-standard is a Standard vault, which holds software keys only"),
        ("ws-premium/spare-key", [], "would make a new version of that key"),
        ("ws-premium/used-key", [], "which ws-mysql-attached would not notice or would follow unasked"),
        ("ws-premium/SPARE-KEY", [], "would make a new version of that key"),
        ("ws-unprotected/new", ["--for", "mysql"], "ws-unprotected has no purge protection"),
        ("ws-thirty/new", ["--for", "mysql"], "ws-thirty keeps deleted keys 30 days"),
        ("ws-shut/new", [], "Keys cannot be made in ws-shut from here"),
        ("ws-closed/new", [], "Keys cannot be made in ws-closed from here"),
        (f"ws-premium/{'n' * 128}", [], "is not a key's name: 1 to 127 letters, digits and dashes"),
        ("ws-premium/schlüssel", [], "“schlüssel” is not a key's name"),
        ("ws-premium/two words", [], "“two words” is not a key's name"),
        ("ws-premium/new", ["--size", "1"], "An RSA key has 2048, 3072 or 4096 bits, not 1."),
        ("ws-premium/new", ["--size", "0"], "An RSA key has 2048, 3072 or 4096 bits, not 0."),
        ("ws-premium/new", ["--size", "-2048"], "bits, not -2048."),
        ("ws-premium/new", ["--ops", "wrapKey,fly"], "“fly” is not an operation of a key"),
        ("ws-premium/new", ["--ops", "WRAPKEY"], "“WRAPKEY” is not an operation of a key"),
        ("ws-premium/new", ["--ops", ","], "Allow at least one operation."),
        ("ws-premium/new", ["--expires", "2020-01-01"], "The expiry 2020-01-01 00:00:00 UTC has passed"),
        (
            "ws-premium/new",
            ["--not-before", "2098-01-01", "--expires", "2097-01-01"],
            "The key would expire before it may be used.",
        ),
        ("ws-premium/new", ["--not-before", "1969-12-31"], "is not a time that a key can keep"),
        ("ws-premium/new", ["--tag", "a=1", "--tag", "a=2"], "Each tag has a name of its own."),
        ("ws-premium/new", ["--tag", f"a={'v' * 257}"], "at most 256 characters"),
        ("ws-premium/new", [word for n in range(16) for word in ("--tag", f"t{n}=1")], "at most 15 tags"),
        ("ws-premium/new", ["--backup", "/nowhere/new.backup"], "There is no folder /nowhere"),
        ("ws-premium/new", ["--backup", "/etc/hostname"], "/etc/hostname exists already, and is not overwritten"),
        ("ws-premium/new", ["--backup", f"/{'n' * 300}"], "cannot be written: File name too long"),
        often=2,
    ),
)
def test_what_must_not_be_made_is_refused_in_one_sentence_and_nothing_is_sent(
    looked_at: Sandbox, asker: Program, target: str, options: list[str], said: str
) -> None:
    refused(looked_at, asker, ["create-key", target, *options], said)


@pytest.mark.parametrize("who", ["operator", pytest.param("reader", marks=pytest.mark.full)])
def test_who_may_not_make_keys_is_told_which_role_is_missing(looked_at: Sandbox, asker: Program, who: str) -> None:
    line = ["create-key", "ws-premium/new", "--principal", who]
    refused(looked_at, asker, line, "This account may not create keys in ws-premium", "Key Vault Crypto Officer")
    line = ["create-key", "ws-policies/new", "--principal", who]
    refused(looked_at, asker, line, "The access policies of ws-policies do not give this account “create” for keys")


@pytest.mark.parametrize(
    ("line", "code"),
    often_and_seldom(
        (["create-key"], "bad-usage"),
        (["create-key", ""], "bad-usage"),
        (["create-key", "pay-key"], "bad-key-id"),
        (["create-key", "ws-premium/"], "bad-key-id"),
        (["create-key", "/pay-key"], "bad-key-id"),
        (["create-key", "https://evil.example/keys/pay-key"], "bad-key-id"),
        (["create-key", "http://ws-premium.vault.azure.net/keys/pay-key"], "bad-key-id"),
        (["create-key", "https://ws-premium.vault.azure.net/secrets/pay-key"], "bad-key-id"),
        (["create-key", f"https://ws-premium.vault.azure.net/keys/pay-key/{'0' * 32}"], "bad-key-id"),
        ([*MADE, "--size", "many"], "bad-usage"),
        ([*MADE, "--type", "EC"], "bad-usage"),
        ([*MADE, "--tag", "owner"], "bad-usage"),
        ([*MADE, "--tag", "=pay"], "bad-usage"),
        ([*MADE, "--ops", " "], "bad-usage"),
        ([*MADE, "--backup", ""], "bad-usage"),
        ([*MADE, "--expires", "yesterday"], "bad-time"),
        ([*MADE, "--expires", "9999-12-31T23:59:59-23:00"], "bad-time"),
        ([*MADE, "--not-before", "0001-01-01T00:00:00+14:00"], "bad-time"),
        (["create-key", KEY, "--for", "postgres"], "unknown-service"),
        ([*MADE, "--identity", "ws-free-id"], "bad-usage"),
        often=0,
    ),
)
def test_what_cannot_be_meant_is_refused_before_anything_is_sent(
    looked_at: Sandbox, asker: Program, line: list[str], code: str
) -> None:
    marker = looked_at.last_request()
    answer = asker.json(*line, "--yes")
    assert (answer.status, answer.json["error"]["code"]) == (2, code), answer.out
    assert not looked_at.requests(marker)


@pytest.mark.full
@pytest.mark.parametrize("target", ["ws-premum/new", "ws-mysql/new", "ws-premium/a/b"])
def test_a_vault_that_is_not_there_is_named(looked_at: Sandbox, asker: Program, target: str) -> None:
    with nothing_sent(looked_at):
        answer = asker.json("create-key", target, "--yes")
    assert (answer.status, answer.json["error"]["code"]) == (2, "unknown-vault")
