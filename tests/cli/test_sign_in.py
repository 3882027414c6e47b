"""Signing in as a person does, and what another person sees of one's jobs."""

import json
import stat
from pathlib import Path

import pexpect
import pytest

from local.embedded import EmbeddedAws
from tests.cli.conftest import CLIP, CommandLine

USER = "ada@example.org"
FIRST = "given by the operator"
OWN = "a password of her own"


@pytest.fixture
def at(outputs: dict[str, str]) -> tuple[str, ...]:
    """How the stack is named by whoever has no AWS credentials."""
    return ("--api", outputs["ApiUrl"])


@pytest.fixture
def invited(aws: EmbeddedAws, outputs: dict[str, str]) -> None:
    """The user is in the pool, with a password for the first time."""
    cognito, pool = aws.client("cognito-idp"), outputs["UserPoolId"]
    users = cognito.list_users(UserPoolId=pool, Filter=f'email = "{USER}"')["Users"]
    for user in users:
        cognito.admin_delete_user(UserPoolId=pool, Username=user["Username"])
    cognito.admin_create_user(
        UserPoolId=pool,
        Username=USER,
        TemporaryPassword=FIRST,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": "email", "Value": USER}],
    )


def sign_in(command: CommandLine, at: tuple[str, ...], outputs: dict[str, str]) -> None:
    told = ("--client-id", outputs["UserPoolClientId"], "--region", outputs["Region"])
    ran = command.given(REELWRIGHT_NEW_PASSWORD=OWN)(
        "login", *at, *told, "-u", USER, "--password-stdin", typed=f"{FIRST}\n{OWN}\n"
    )
    assert ran.code == 0, ran.err


def kept(command: CommandLine) -> Path:
    (file,) = (command.folder / "config").iterdir()
    return file


@pytest.mark.usefixtures("invited")
def test_a_first_sign_in_asks_for_a_new_password_and_shows_none(
    as_somebody: CommandLine, at: tuple[str, ...], outputs: dict[str, str]
) -> None:
    told = ("--client-id", outputs["UserPoolClientId"], "--region", outputs["Region"])
    shown = as_somebody.on_a_terminal("login", *at, *told)
    printed = []
    for asked, typed in (
        ("E-mail address: ", USER),
        (f"Password of {USER}: ", FIRST),
        (f"A new password for {USER}: ", OWN),
        ("Again: ", "mistyped"),
        (f"A new password for {USER}: ", OWN),
        ("Again: ", OWN),
    ):
        shown.expect_exact(asked)
        printed.append(shown.before)
        shown.sendline(typed)
    shown.expect(pexpect.EOF)
    printed.append(shown.before)
    shown.close()
    assert shown.exitstatus == 0
    assert not any(password in "".join(printed) for password in (FIRST, OWN, "mistyped"))
    assert USER in printed[-1]
    assert stat.S_IMODE(kept(as_somebody).stat().st_mode) == 0o600
    told_json = as_somebody("whoami", *at, "--json").json
    assert (told_json["user"], told_json["groups"]) == (USER, [])


@pytest.mark.usefixtures("invited")
def test_somebody_sees_her_own_jobs_only(
    reelwright: CommandLine,
    as_somebody: CommandLine,
    at: tuple[str, ...],
    outputs: dict[str, str],
) -> None:
    sign_in(as_somebody, at, outputs)
    theirs = reelwright("snapshots", str(CLIP), "--count", "1", "--no-wait").out.strip()
    assert as_somebody("jobs", *at, "--json").json == {"jobs": []}
    for command in ("job", "cancel"):
        ran = as_somebody(command, theirs, *at)
        assert (ran.code, ran.out) == (4, "")
    mine = as_somebody("snapshots", str(CLIP), "--count", "1", "-o", "a.jpg", "--json", *at)
    assert mine.code == 0, mine.err
    assert (as_somebody.folder / "a.jpg").read_bytes()[:2] == b"\xff\xd8"
    listed = as_somebody("jobs", *at, "--json").json["jobs"]
    assert [job["job_id"] for job in listed] == [mine.json["job_id"]]
    # The embedded AWS's own user is an operator.
    assert reelwright("job", mine.json["job_id"]).code == 0


@pytest.mark.usefixtures("invited")
def test_tokens_are_renewed_until_one_signs_out(
    as_somebody: CommandLine, at: tuple[str, ...], outputs: dict[str, str]
) -> None:
    sign_in(as_somebody, at, outputs)
    file = kept(as_somebody)
    before = json.loads(file.read_text())
    before["tokens"]["expires_at"] = 0
    file.write_text(json.dumps(before))
    assert as_somebody("jobs", *at).code == 0
    after = json.loads(file.read_text())
    assert after["tokens"]["access"] != before["tokens"]["access"]
    assert after["tokens"]["expires_at"] > 0
    assert as_somebody("logout", *at).out.startswith("Signed out of")
    assert not file.exists()
    ran = as_somebody("jobs", *at)
    assert ran.code == 3
    assert "Nobody is signed in" in ran.err
    # What was kept is of no use to whoever had copied it.
    file.write_text(json.dumps({**after, "tokens": {**after["tokens"], "expires_at": 0}}))
    assert as_somebody("jobs", *at).code == 3


@pytest.mark.usefixtures("invited")
def test_a_wrong_password_and_none_are_refused_in_one_line(
    as_somebody: CommandLine, at: tuple[str, ...], outputs: dict[str, str]
) -> None:
    told = ("--client-id", outputs["UserPoolClientId"], "--region", outputs["Region"])
    words = ("login", *at, *told, "-u", USER)
    wrong = as_somebody.given(REELWRIGHT_PASSWORD=OWN)(*words)
    assert (wrong.code, wrong.err.count("\n")) == (3, 1)
    nobody = as_somebody(*words)
    assert nobody.code == 2
    assert "--password-stdin" in nobody.err
    assert not (as_somebody.folder / "config").exists()
