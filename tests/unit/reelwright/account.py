"""An AWS account as `reelwright doctor` sees it, and what its caller may not read there."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from reelwright.quotas import KEYS, MAP_RUNS, STARTS, TRANSITIONS

STACK = "Reelwright"
DEFAULTS = {
    "states": {
        "Open Map Runs": 1000.0,
        "StateTransition throttle token refill rate per second": 800.0,
        "StartExecution throttle token refill rate per second": 150.0,
        "StartExecution throttle token refill rate per second - Express": 6000.0,
    },
    "kms": {"Cryptographic operations (symmetric) request rate": 10_000.0},
    "sqs": {},
    "lambda": {"Concurrent executions": 1000.0},
}
READ = {MAP_RUNS: 1000.0, TRANSITIONS: 800.0, STARTS: 150.0, KEYS: 10_000.0}
CODES = {
    "Concurrent executions": "L-B99A9384",
    "Cryptographic operations (symmetric) request rate": "L-6E3AF000",
}
KNOWN = {"sts", "lambda", "cloudformation", "service-quotas"}
CHUNK = "Reelwright-RenderChunk"


def template(jobs: int, parallel: int, kind: str = "STANDARD") -> dict[str, Any]:
    """As much of a stack's as is read."""
    variables: list[dict[str, Any]] = [
        {"MAX_ACTIVE_JOBS": f"{jobs}"},
        {"MAX_PARALLEL": f"{parallel}"},
    ]
    functions = {
        f"F{number}": {
            "Type": "AWS::Lambda::Function",
            "Properties": {"MemorySize": 1769, "Environment": {"Variables": given}},
        }
        for number, given in enumerate(variables)
    }
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {"DefinitionSubstitutions": {"ChunkExecutionType": kind}},
    }
    return {**functions, "Machine": machine, "Rule": {"Type": "AWS::Events::Rule"}}


class Account:
    """Every client of the session, as one."""

    region_name: str | None = "eu-west-1"

    def __init__(self, concurrency: int = 10, resources: Any = None) -> None:
        self.concurrency = concurrency
        self.resources = template(10, 100) if resources is None else resources
        self.applied: dict[str, dict[str, float]] = {}
        self.reserved: dict[str, int] = {}
        self.denied: set[str] = set()
        self.called: set[str] = set()

    def client(self, service_name: str, /) -> Any:
        assert service_name in KNOWN
        return self

    def _may(self, action: str) -> None:
        self.called.add(action)
        if action in self.denied:
            said: Any = {"Code": "AccessDeniedException", "Message": "no"}
            raise ClientError({"Error": said}, action.partition(":")[2])

    def get_caller_identity(self) -> Any:
        self._may("sts:GetCallerIdentity")
        return {"Account": "123456789012"}

    def get_account_settings(self) -> Any:
        self._may("lambda:GetAccountSettings")
        counts = ("ConcurrentExecutions", "UnreservedConcurrentExecutions")
        return {"AccountLimit": dict.fromkeys(counts, self.concurrency)}

    def get_function_concurrency(self, FunctionName: str) -> Any:  # noqa: N803 - boto3's
        self._may("lambda:GetFunctionConcurrency")
        if FunctionName not in self.reserved:
            return {}
        return {"ReservedConcurrentExecutions": self.reserved[FunctionName]}

    def get_template(self, StackName: str) -> Any:  # noqa: N803
        self._may("cloudformation:GetTemplate")
        if StackName != STACK:
            said: Any = {"Code": "ValidationError", "Message": "no such stack"}
            raise ClientError({"Error": said}, "GetTemplate")
        return {"TemplateBody": {"Resources": self.resources}}

    def get_paginator(self, _name: str) -> "Account":
        return self

    def paginate(self, StackName: str) -> Iterator[Any]:  # noqa: N803
        assert StackName == STACK
        self._may("cloudformation:ListStackResources")
        kinds = {CHUNK: "AWS::Lambda::Function", "Rule": "AWS::Events::Rule"}
        for name, kind in kinds.items():
            summary = {"PhysicalResourceId": name, "ResourceType": kind}
            yield {"StackResourceSummaries": [summary]}

    def list_aws_default_service_quotas(self, **given: Any) -> Any:
        self._may("servicequotas:ListAWSDefaultServiceQuotas")
        return page(DEFAULTS[given["ServiceCode"]], given.get("NextToken"))

    def list_service_quotas(self, **given: Any) -> Any:
        self._may("servicequotas:ListServiceQuotas")
        return page(self.applied.get(given["ServiceCode"], {}), given.get("NextToken"))


def page(listed: dict[str, float], token: str | None) -> Any:
    """One quota a page."""
    quotas = [
        {"QuotaName": name, "QuotaCode": CODES.get(name, "L-OTHER"), "Value": value}
        for name, value in listed.items()
    ]
    at = int(token or 0)
    more = {"NextToken": f"{at + 1}"} if at + 1 < len(quotas) else {}
    return {"Quotas": quotas[at : at + 1], **more}
