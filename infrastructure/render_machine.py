"""The state machine, from its own text in statemachine/."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infrastructure.job_function import JobFunction, construct_name
from infrastructure.stage import Stage, task_timeout_s

DEFINITION = Path(__file__).resolve().parents[1] / "statemachine" / "render_job.asl.json"
_INVOKE = "arn:aws:states:::lambda:invoke"
_INVOKE_AND_WAIT = f"{_INVOKE}.waitForTaskToken"


class RenderMachine(Construct):
    """A Standard state machine with its log, traces and role. Grants are made in the stack.

    `alias` names the version of the last deploy: what starts executions starts them by it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        functions: Sequence[JobFunction],
        table: dynamodb.ITable,
        log_group: logs.ILogGroup,
    ) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "states.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            ),
        )
        self.machine = sfn.StateMachine(
            self,
            "Default",
            # As a string the definition stays inline, where `cdk diff` and assertions see it.
            definition_body=sfn.DefinitionBody.from_string(definition(stage, functions)),
            definition_substitutions=substitutions(stage, functions, table),
            state_machine_type=sfn.StateMachineType.STANDARD,
            role=self.role,
            tracing_enabled=True,
            logs=sfn.LogOptions(
                destination=log_group,
                level=sfn.LogLevel.ALL,
                # Inputs hold source addresses, which may hold a signature: not for the log.
                include_execution_data=False,
            ),
        )
        version = sfn.CfnStateMachineVersion(
            self,
            "Version",
            state_machine_arn=self.arn,
            # Another revision is another version; the old one stays (docs/upgrading.md).
            state_machine_revision_id=self.machine.state_machine_revision_id,
        )
        version.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
        self.alias = sfn.CfnStateMachineAlias(
            self,
            "Current",
            name="current",
            description="The version that new jobs are rendered by",
            routing_configuration=[
                sfn.CfnStateMachineAlias.RoutingConfigurationVersionProperty(
                    state_machine_version_arn=version.attr_arn, weight=100
                )
            ],
        )

    @property
    def arn(self) -> str:
        return self.machine.state_machine_arn

    @property
    def executions_arn(self) -> str:
        """Every execution of this machine."""
        return self._executions(f"{self.machine.state_machine_name}:*")

    @property
    def chunk_executions_arn(self) -> str:
        """Every child execution of its Distributed Map."""
        return self._executions(f"{self.machine.state_machine_name}/*")

    def _executions(self, names: str) -> str:
        return Stack.of(self).format_arn(
            service="states",
            resource="execution",
            resource_name=names,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )


def definition(stage: Stage, functions: Sequence[JobFunction]) -> str:
    """The text with the stage's timeouts: numbers can't be quoted placeholders.

    The text itself holds those of the default stage.
    """
    machine = json.loads(DEFINITION.read_text())
    machine["TimeoutSeconds"] = stage.execution_timeout_s
    timeouts = {_placeholder(each): task_timeout_s(each.timeout_s) for each in functions}
    for task in _invocations(machine):
        is_waiting = task["Resource"] == _INVOKE_AND_WAIT
        called = timeouts[task["Arguments"]["FunctionName"]]
        task["TimeoutSeconds"] = stage.max_wait_s if is_waiting else called
    return json.dumps(machine, ensure_ascii=False)


def substitutions(
    stage: Stage, functions: Sequence[JobFunction], table: dynamodb.ITable
) -> dict[str, str]:
    """Every `${Placeholder}` of the text."""
    return {
        "JobsTableName": table.table_name,
        "ChunkExecutionType": stage.chunk_execution_type,
        **{_placeholder(each)[2:-1]: each.called_arn for each in functions},
    }


def _placeholder(function: JobFunction) -> str:
    """`${RenderChunkFunctionArn}`."""
    return f"${{{construct_name(function.folder)}Arn}}"


def _invocations(node: Any) -> Iterator[dict[str, Any]]:
    """Every state that calls a function, those inside Map and Parallel included."""
    if isinstance(node, list):
        for item in node:
            yield from _invocations(item)
    elif isinstance(node, dict):
        if node.get("Resource") in (_INVOKE, _INVOKE_AND_WAIT):
            yield node
        for item in node.values():
            yield from _invocations(item)
