"""The stack to be tested: is it there, and in a state that can be tested?"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError, NoRegionError

from reelwright.aws_calls import told
from reelwright.errors import BusyError, NotFoundError, RefusedError

NEEDED = ("JobsTableName", "TurnsTableName", "MediaBucketName", "StateMachineArn", "ApiUrl")
_FIT = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"}
_WAITED_FOR = {
    "CREATE_IN_PROGRESS",
    "UPDATE_IN_PROGRESS",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
}
_POLL_S = 10.0
_LONGEST_S = 1800.0
_TRIES = 8
_THROTTLED = {"RequestLimitExceeded", "Throttling", "ThrottlingException"}
_NEXT = "check STACK, AWS_PROFILE and AWS_REGION"


@dataclass(frozen=True)
class Found:
    """A stack that can be tested."""

    name: str
    account: str
    region: str
    outputs: Mapping[str, str]


def session_of_caller() -> boto3.Session:
    """The credentials and the region in use. Calls that are throttled are made again."""
    core = botocore.session.Session()
    core.set_default_client_config(
        Config(
            connect_timeout=10,
            read_timeout=60,
            retries={"mode": "standard", "total_max_attempts": _TRIES},
        )
    )
    return boto3.Session(botocore_session=core)


def find(
    session: boto3.Session,
    stack: str,
    say: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> Found:
    """Waits while the stack is being changed. A ReelwrightClientError says in one sentence what is
    wrong: with the credentials, the region, the name, or the stack's state."""
    with told(f"the stack {stack} can't be looked up"):
        if session.region_name is None:
            raise NoRegionError
        account = str(session.client("sts").get_caller_identity()["Account"])
        described = _settled(session, stack, say, sleep)
    outputs = {one["OutputKey"]: one["OutputValue"] for one in described.get("Outputs", [])}
    if missing := [name for name in NEEDED if name not in outputs]:
        raise NotFoundError(f"{stack} is no stack of Reelwright: it has no {missing[0]}.", _NEXT)
    return Found(stack, account, session.region_name, outputs)


def _settled(
    session: boto3.Session, stack: str, say: Callable[[str], None], sleep: Callable[[float], None]
) -> Any:
    """The stack once nothing changes it any more."""
    cloudformation, waited_s = session.client("cloudformation"), 0.0
    while (status := (found := _described(cloudformation, stack))["StackStatus"]) in _WAITED_FOR:
        if waited_s == 0:
            say(f"{stack} is {status}: waiting for its end.")
        if waited_s >= _LONGEST_S:
            raise RefusedError(
                f"{stack} is still {status} after {_LONGEST_S / 60:.0f} minutes.",
                "look at its events in CloudFormation",
            )
        sleep(_POLL_S)
        waited_s += _POLL_S
    if status not in _FIT:
        why = found.get("StackStatusReason", "")
        raise RefusedError(
            f"{stack} is {status}, which can't be tested{f' ({why})' if why else ''}.",
            "deploy it again, or delete it",
        )
    return found


def _described(cloudformation: Any, stack: str) -> Any:
    try:
        return cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as fault:
        code = fault.response["Error"].get("Code")
        if code in _THROTTLED:
            said = f"AWS is busy ({code}): the stack {stack} can't be looked up."
            raise BusyError(said, "try again in a minute") from fault
        if code == "ValidationError":
            raise NotFoundError(
                f"There is no stack {stack} in {cloudformation.meta.region_name}.", _NEXT
            ) from fault
        raise
