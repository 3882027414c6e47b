"""Reading an account's limits and a stack's settings, with read-only permissions of the caller."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from botocore.exceptions import ClientError, NoRegionError

from reelwright.aws_calls import told
from reelwright.errors import NotFoundError, RefusedError
from reelwright.quotas import ASKED, Asked, Limits, Settings

PERMISSIONS = (
    "cloudformation:GetTemplate",
    "cloudformation:ListStackResources",
    "lambda:GetAccountSettings",
    "lambda:GetFunctionConcurrency",
    "servicequotas:ListAWSDefaultServiceQuotas",
    "servicequotas:ListServiceQuotas",
    "sts:GetCallerIdentity",
)
_CONCURRENCY = Asked("lambda", ("concurrent executions",), "", "", code="L-B99A9384")
_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
_EXPRESS = "EXPRESS"


class Clients(Protocol):
    """As much of `boto3.Session` as is needed here."""

    @property
    def region_name(self) -> str | None: ...

    def client(self, service_name: str, /) -> Any: ...


def account_of(session: Clients) -> str:
    """Its number. Says in one sentence that credentials or a region are missing."""
    with told("the account can't be looked at"):
        if session.region_name is None:
            raise NoRegionError
        return str(session.client("sts").get_caller_identity()["Account"])


def limits_of(session: Clients) -> Limits:
    """What the caller may not read is left out, and told."""
    unread: dict[str, str] = {}
    quotas: dict[Asked, float] = {}
    for service in sorted({asked.service for asked in ASKED}):
        try:
            listed = _listed(session, service)
        except _NotAllowedError as denied:
            unread[service] = str(denied)
            continue
        found = {asked: _value(asked, listed) for asked in ASKED if asked.service == service}
        quotas |= {asked: value for asked, value in found.items() if value is not None}
    try:
        with told("the account's settings can't be read"):
            account: Any = _call(session.client("lambda").get_account_settings)["AccountLimit"]
    except _NotAllowedError as denied:
        unread["lambda"] = str(denied)
        return Limits(_concurrent(session), None, quotas, unread)
    concurrent, unreserved = (
        account[name] for name in ("ConcurrentExecutions", "UnreservedConcurrentExecutions")
    )
    return Limits(concurrent, unreserved, quotas, unread)


def settings_of(session: Clients, stack: str) -> Settings:
    """Of a deployed stack, by its template. NotFoundError: there is none of that name."""
    with told(f"the stack {stack} can't be looked up"):
        cloudformation = session.client("cloudformation")
        try:
            body: Any = cloudformation.get_template(StackName=stack)["TemplateBody"]
        except ClientError as fault:
            if fault.response["Error"].get("Code") == "ValidationError":
                raise NotFoundError(
                    f"There is no stack {stack} in {session.region_name}.",
                    "check --stack, --region and --profile, or say --deploy for one to come",
                ) from fault
            raise
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
        names = [
            each["PhysicalResourceId"]
            for page in pages
            for each in page["StackResourceSummaries"]
            if each["ResourceType"] == "AWS::Lambda::Function"
        ]
        return settings_in(body["Resources"], _reserves(session, names), stack)


def settings_to_deploy(given: Iterable[str]) -> Settings:
    """Of `key=value` settings, as cdk would take them. Needs the checkout."""
    try:
        from infrastructure.stage import Stage, StageError  # noqa: PLC0415 - not installed
    except ImportError as missing:
        raise RefusedError(
            "Settings to be deployed are checked in the checkout only.",
            "run it there, or name a stack by --stack",
        ) from missing
    context = dict(one.partition("=")[::2] for one in given)
    try:
        stage = Stage.from_context(context)
    except StageError as wrong:
        raise RefusedError(f"{wrong}", "see infrastructure/stage.py") from wrong
    memory = [value for key, value in stage if key.endswith("_memory_mb")]
    return Settings(
        stage.max_active_jobs,
        stage.max_parallel,
        stage.chunk_execution_type == _EXPRESS,
        memory_mb=max(memory),
        is_deployed=False,
    )


def settings_in(resources: Mapping[str, Any], reserves: Mapping[str, int], stack: str) -> Settings:
    """Of a template's resources."""
    functions = [
        each["Properties"] for each in resources.values() if each["Type"] == "AWS::Lambda::Function"
    ]
    variables: dict[str, Any] = {}
    for each in functions:
        variables |= each.get("Environment", {}).get("Variables", {})
    machines = [
        each["Properties"].get("DefinitionSubstitutions", {})
        for each in resources.values()
        if each["Type"] == "AWS::StepFunctions::StateMachine"
    ]
    try:
        jobs, parallel = int(variables["MAX_ACTIVE_JOBS"]), int(variables["MAX_PARALLEL"])
    except (KeyError, ValueError) as missing:
        raise NotFoundError(f"{stack} is no stack of Reelwright.", "check --stack") from missing
    is_express = any(one.get("ChunkExecutionType") == _EXPRESS for one in machines)
    memory_mb = max(int(each.get("MemorySize", 128)) for each in functions)
    return Settings(jobs, parallel, is_express, reserves, memory_mb)


def _reserves(session: Clients, names: Iterable[str]) -> dict[str, int]:
    """Empty where the caller may not read them."""
    functions = session.client("lambda")
    found = {}
    for name in names:
        try:
            answer = _call(functions.get_function_concurrency, FunctionName=name)
        except _NotAllowedError:
            return {}
        if "ReservedConcurrentExecutions" in answer:
            found[name] = int(answer["ReservedConcurrentExecutions"])
    return found


def _concurrent(session: Clients) -> int | None:
    try:
        value = _value(_CONCURRENCY, _listed(session, "lambda"))
    except _NotAllowedError:
        return None
    return None if value is None else int(value)


def _listed(session: Clients, service: str) -> list[Any]:
    """The service's quotas: the defaults first, then what holds for this account."""
    client = session.client("service-quotas")
    found: list[Any] = []
    with told(f"the quotas of {service} can't be read"):
        for operation in ("list_aws_default_service_quotas", "list_service_quotas"):
            call = getattr(client, operation)
            token: dict[str, str] = {}
            while True:
                page = _call(call, ServiceCode=service, **token)
                found += page["Quotas"]
                if not page.get("NextToken"):
                    break
                token = {"NextToken": page["NextToken"]}
    return found


def _value(asked: Asked, listed: list[Any]) -> float | None:
    """The last that is listed holds. Of several names that fit, the shortest is meant."""
    fits = [one for one in listed if _is(asked, one)]
    if not fits:
        return None
    name = min((one["QuotaName"] for one in fits), key=len)
    return float([one["Value"] for one in fits if one["QuotaName"] == name][-1])


def _is(asked: Asked, one: Mapping[str, Any]) -> bool:
    if asked.code:
        return bool(one["QuotaCode"] == asked.code)
    name = one["QuotaName"].lower()
    return all(word in name for word in asked.words)


class _NotAllowedError(Exception):
    """The caller may not make this call. Never leaves this module."""


def _call(operation: Any, **given: Any) -> Any:
    try:
        return operation(**given)
    except ClientError as fault:
        if fault.response["Error"].get("Code") in _DENIED:
            raise _NotAllowedError(f"needs {_permission(fault)}") from fault
        raise


def _permission(fault: ClientError) -> str:
    """Of the operation that was denied."""
    return next(
        (one for one in PERMISSIONS if one.endswith(f":{fault.operation_name}")),
        str(fault.operation_name),
    )
