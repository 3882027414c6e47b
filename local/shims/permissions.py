"""Who may do what, where the engine itself does not ask.

It checks the requests that functions send (AUTH=true) against their roles. What AWS's services do
in a role's name is asked about here.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

from local.home import ACCOUNT, REGION
from local.shims import engine_module, replace, require, symbol
from local.step_functions.tokens import machine_of

_READS = {
    "sqs": ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
    "dynamodb": (
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
    ),
}
"""What Lambda asks of a function's role before it reads a queue or a stream for it."""


def install() -> None:
    """Ask for what a task token is of, for ListBucket where an object is missing, and for what
    Lambda does in a function's name: it reads queues and streams, and sends on what failed."""
    actions, evaluator = engine_module("core.iam_actions"), engine_module("core.iam_evaluator")
    functions = engine_module("services.lambda_svc")
    require(evaluator, "EvalContext", "evaluate", "_gather_role_policies")
    require(engine_module("services.sts"), "register_session")
    require(engine_module("services.s3"), "_buckets")
    require(functions, "_functions", "_get_func_record_for_qualifier")
    replace(actions, "extract_iam_action", _one_by_one)
    replace(actions, "extract_resource_arn", _naming_the_machine)
    replace(evaluator, "enforce", _hiding_what_is_missing)
    replace(functions, "_iter_all_esms", lambda original: lambda: _permitted(functions, original()))
    replace(
        functions,
        "_route_async_failure",
        lambda original: (
            lambda target, name, *what: (
                original(target, name, *what)
                if may_send(symbol(functions, "_functions")[name], target)
                else None
            )
        ),
    )


def is_allowed(role_arn: str, action: str, resource: str) -> bool:
    """Whether a role's own policies let it."""
    evaluator = engine_module("core.iam_evaluator")
    policies = symbol(evaluator, "_gather_role_policies")(role_arn.rpartition("/")[2], ACCOUNT)
    asked = symbol(evaluator, "EvalContext")(
        principal_arn=role_arn,
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action=action,
        resource_arn=resource,
        region=REGION,
    )
    return bool(symbol(evaluator, "evaluate")(asked, policies).decision == "Allow")


def may_send(function: dict[str, Any], target: str) -> bool:
    """Whether a function's role lets Lambda send to this queue what the function failed at."""
    return is_allowed(function["config"]["Role"], "sqs:SendMessage", target)


def refusal(role_arn: str, action: str, resource: str) -> str:
    """In AWS's words."""
    return (
        f"User: {role_arn} is not authorized to perform: {action} on resource: {resource} because "
        f"no identity-based policy allows the {action} action"
    )


def credentials(role_arn: str) -> dict[str, str]:
    """A session of the role, as boto3's clients take it."""
    digest = hashlib.sha256(f"session of {role_arn}".encode()).hexdigest()
    key, role = f"ASIA{digest[:16].upper()}", role_arn.rpartition("/")[2]
    session = {
        "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/embedded",
        "UserId": f"{role}:embedded",
        "SecretAccessKey": digest[16:],
        "SessionToken": digest,
    }
    symbol(engine_module("services.sts"), "register_session")(key, session)
    return {
        "aws_access_key_id": key,
        "aws_secret_access_key": session["SecretAccessKey"],
        "aws_session_token": session["SessionToken"],
    }


def _one_by_one(original: Callable[..., str | None]) -> Callable[..., str | None]:
    """SQS has no actions for batches: who may send, hide or delete a message may so with ten.

    What is no task token is nobody's to answer: it is refused as such, by whatever role.
    """

    def action(
        service: str, method: str, path: str, headers: Any, body: bytes, *more: Any
    ) -> str | None:
        if service == "states" and b"taskToken" in body and not _machine_of(body):
            return None
        asked = original(service, method, path, headers, body, *more)
        return asked.removesuffix("Batch") if asked and service == "sqs" else asked

    return action


def _naming_the_machine(original: Callable[..., str]) -> Callable[..., str]:
    """The engine asks for a task token's answer on any resource, AWS on its state machine; and
    for a version or an alias by its own ARN, AWS by its machine's."""

    def named(service: str, method: str, path: str, headers: Any, body: bytes, *more: Any) -> str:
        if service == "states" and b"taskToken" in body:
            return _machine_of(body) or "*"
        asked = original(service, method, path, headers, body, *more)
        return _unqualified(asked) if service == "states" else asked

    return named


def _machine_of(body: bytes) -> str | None:
    return machine_of(str(json.loads(body)["taskToken"]))


def _unqualified(arn: str) -> str:
    return ":".join(arn.split(":")[:7]) if ":stateMachine:" in arn else arn


def _hiding_what_is_missing(original: Callable[..., Any]) -> Callable[..., Any]:
    """Who may not list a bucket is told 403 of an object that is not there, not 404."""

    def enforce(
        key: str, action: str, service: str, region: str, resource_arn: str = "*", **more: Any
    ) -> Any:
        denied = original(key, action, service, region, resource_arn=resource_arn, **more)
        if denied is not None or action != "s3:GetObject" or not _is_missing(resource_arn):
            return denied
        bucket = resource_arn.partition("/")[0]
        return original(key, "s3:ListBucket", service, region, resource_arn=bucket)

    return enforce


def _is_missing(object_arn: str) -> bool:
    name, _, key = object_arn.rpartition(":")[2].partition("/")
    bucket = symbol(engine_module("services.s3"), "_buckets").get(name)
    return bucket is not None and key not in bucket["objects"]


def _permitted(functions: Any, mappings: Iterator[Any]) -> Iterator[Any]:
    """Those event source mappings whose function's role may read their source."""
    for account, region, mapping in mappings:
        find = symbol(functions, "_get_func_record_for_qualifier")
        function, _ = find(mapping["FunctionName"], mapping.get("Qualifier"))
        source = mapping.get("EventSourceArn", "")
        role = function["config"]["Role"] if function else ""
        needed = _READS.get(source.split(":")[2], ())
        if all(is_allowed(role, action, source) for action in needed):
            yield account, region, mapping
