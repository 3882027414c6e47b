"""`reelwright doctor`: what it reads, what it answers, and what it needs."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from reelwright.cli import doctor, doctor_local
from reelwright.cli.given import Given
from reelwright.errors import NotAuthorisedError, NotFoundError, RefusedError, UnreachableError
from reelwright.quotas import KEYS, Limits, Settings
from reelwright.quotas_read import (
    PERMISSIONS,
    account_of,
    limits_of,
    settings_of,
    settings_to_deploy,
)
from tests.unit.reelwright.account import CHUNK, READ, STACK, Account, template
from tests.unit.reelwright.commands import Run, is_one_line

OPERATIONS = Path(__file__).resolve().parents[3] / "docs" / "operations.md"


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    """New, with ten functions at once, and the default stack in it."""
    monkeypatch.delenv("REELWRIGHT_API", raising=False)
    found = Account()
    monkeypatch.setattr(doctor, "_session", lambda _given: found)
    return found


@pytest.fixture
def run(account: Account, reelwright: Run, monkeypatch: pytest.MonkeyPatch) -> Run:  # noqa: ARG001
    """The command line, in that account."""
    monkeypatch.delenv("REELWRIGHT_API", raising=False)
    return reelwright


def test_limits_are_those_that_hold_for_the_account(account: Account) -> None:
    assert limits_of(account) == Limits(10, 10, READ)
    account.applied = {"kms": {"Cryptographic operations (symmetric) request rate": 40_000.0}}
    assert limits_of(account) == Limits(10, 10, {**READ, KEYS: 40_000.0})


def test_settings_are_those_of_the_deployed_template(account: Account) -> None:
    account.resources = template(3, 7, "EXPRESS")
    account.reserved = {CHUNK: 0}
    assert settings_of(account, STACK) == Settings(3, 7, True, {CHUNK: 0}, 1769)


def test_it_calls_what_its_page_lists_and_only_reads(account: Account) -> None:
    account_of(account)
    limits_of(account)
    settings_of(account, STACK)
    assert account.called == set(PERMISSIONS)
    page = OPERATIONS.read_text()
    for one in PERMISSIONS:
        assert one.partition(":")[2].startswith(("Get", "List"))
        assert f"`{one}`" in page


@pytest.mark.parametrize("denied", [one for one in PERMISSIONS if one.startswith("service")])
def test_without_service_quotas_the_concurrency_is_judged_all_the_same(
    run: Run, account: Account, denied: str
) -> None:
    account.denied = {denied}
    ended = run("doctor", "--stack", STACK, "--json")
    assert ended.code == 0
    states = {one["what"]: (one["state"], one["says"]) for one in json.loads(ended.out)["findings"]}
    assert states["Lambda: functions at once"][0] == "narrower"
    assert states[KEYS.says] == ("unread", f"needs {denied}")


def test_without_account_settings_service_quotas_tells_the_concurrency(account: Account) -> None:
    account.denied = {"lambda:GetAccountSettings"}
    limits = limits_of(account)
    assert (limits.concurrent, limits.unreserved) == (1000, None)
    assert limits.unread == {"lambda": "needs lambda:GetAccountSettings"}
    account.denied.add("servicequotas:ListServiceQuotas")
    assert limits_of(account).concurrent is None


def test_what_can_not_work_ends_with_1_and_tells_the_fix(run: Run, account: Account) -> None:
    account.concurrency = 0
    ended = run("doctor", "--stack", STACK)
    assert ended.code == 1
    assert "Checked: Reelwright, account 123456789012, eu-west-1\n" in ended.out
    assert "request-service-quota-increase" in ended.out
    assert ended.out.endswith("This can't work as it is.\n")
    assert ended.err == ""


def test_a_new_account_with_the_default_width_is_only_narrower(run: Run) -> None:
    ended = run("doctor", "--stack", STACK)
    assert (ended.code, ended.err) == (0, "")
    assert "narrower" in ended.out
    assert "max_active_jobs × max_parallel may be 5" in ended.out
    assert '-c max_active_jobs=1 -c max_parallel=5"`' in ended.out
    assert ended.out.endswith("This can work.\n")


def test_settings_to_be_deployed_are_judged(run: Run) -> None:
    ended = run("doctor", "--deploy", "-c", "max_active_jobs=1", "-c", "max_parallel=5", "--json")
    told = json.loads(ended.out)
    assert (ended.code, told["can_work"]) == (0, True)
    assert run("doctor", "--deploy").code == 0
    assert run("doctor", "--deploy", "-c", "chunk_timeout_s=135").code == 1


def test_express_follows_from_the_timeout() -> None:
    assert settings_to_deploy(["chunk_timeout_s=135"]).is_express
    assert not settings_to_deploy(["chunk_timeout_s=136"]).is_express


def test_a_setting_that_is_none_is_named() -> None:
    with pytest.raises(RefusedError, match="max_paralel: no such setting"):
        settings_to_deploy(["max_paralel=5"])


@pytest.mark.parametrize(
    "arguments", ["--api https://x", "--deploy --stack Reelwright", "-c max_parallel=5"]
)
def test_what_does_not_fit_together_is_one_line(run: Run, arguments: str) -> None:
    ended = run("doctor", *arguments.split())
    assert ended.code == 2
    assert is_one_line(ended.err)


def test_another_stack_is_said_so(account: Account) -> None:
    with pytest.raises(NotFoundError, match="There is no stack Other in eu-west-1"):
        settings_of(account, "Other")
    account.resources = {"F": {"Type": "AWS::Lambda::Function", "Properties": {}}}
    with pytest.raises(NotFoundError, match="Reelwright is no stack of Reelwright"):
        settings_of(account, STACK)


def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **variables: str) -> Any:
    """The session of somebody whose environment says this, and whose home nothing."""
    for name in ("PROFILE", "REGION", "DEFAULT_REGION", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    given = {
        "CONFIG_FILE": str(tmp_path / "none"),
        "SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "EC2_METADATA_DISABLED": "true",
        **variables,
    }
    for name, value in given.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    return doctor._session(Given())


KEY = {"ACCESS_KEY_ID": "AKIA", "SECRET_ACCESS_KEY": "secret"}


def test_missing_credentials_are_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    session = clean(monkeypatch, tmp_path, REGION="eu-west-1", DEFAULT_REGION="eu-west-1")
    with pytest.raises(NotAuthorisedError, match=r"^Unable to locate credentials: the account"):
        account_of(session)


def test_a_missing_region_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    session = clean(monkeypatch, tmp_path, **KEY)
    with pytest.raises(UnreachableError, match=r"^No AWS region is set: the account can't be"):
        account_of(session)


def test_throttled_calls_are_made_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Service Quotas answers few calls a second. The clock is a list of what would be slept."""
    session = clean(monkeypatch, tmp_path, DEFAULT_REGION="eu-west-1", **KEY)
    waits: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=waits.append))
    asked: list[str] = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        target = request.headers["X-Amz-Target"].decode()
        asked.append(target.rpartition(".")[2])
        status, body = 200, '{"Quotas": []}'
        if len(asked) < 4:
            status, body = 400, '{"__type": "TooManyRequestsException", "Message": "slow down"}'
        return Answered(request.url, status, body)

    client = session.client("service-quotas")
    client.meta.events.register("before-send", answer)
    assert client.list_service_quotas(ServiceCode="kms")["Quotas"] == []
    assert asked == ["ListServiceQuotas"] * 4
    assert len(waits) == 3
    assert max(waits) <= 20


class Answered(AWSResponse):
    """An answer that came without a network."""

    def __init__(self, url: str, status: int, body: str) -> None:
        headers: Any = {"Content-Type": "application/x-amz-json-1.1"}
        super().__init__(url, status, headers, None)
        self._content = body.encode()


def test_a_machine_without_what_is_needed_is_told_the_fix(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert (
        doctor_local._python((3, 10, 9)).says == "install Python 3.11 or later and run `make setup`"
    )
    assert doctor_local._python((3, 11, 0)).state == "ok"
    assert [doctor_local._node(version).state for version in ("", "v18.1.0", "v20.0.0")] == [
        "refused",
        "refused",
        "ok",
    ]
    monkeypatch.setattr("local.home.PROJECT", tmp_path)
    assert doctor_local._ffmpeg().says == "build it in the checkout: `make layers`"


def test_without_the_embedded_aws_it_says_how_to_start_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_local, "_node_version", lambda: "v22.0.0")
    ended = run("doctor", "--home", str(tmp_path / "none"), "--json")
    assert ended.code == 1
    told = json.loads(ended.out)
    assert told["checked"] == "the embedded AWS on this machine"
    (last,) = [one for one in told["findings"] if one["what"] == "embedded AWS"]
    assert last["state"] == "refused"
    assert "start it: `reelwright local up`" in last["says"]
