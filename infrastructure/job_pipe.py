"""From the queue to the state machine, one message at a time."""

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_pipes as pipes
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct


class JobPipe(Construct):
    """SQS → enrichment → Step Functions. Its role gets its grants in the stack."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        source: sqs.IQueue,
        enrichment: lambda_.IFunction,
        target: sfn.CfnStateMachineAlias,
        log_group: logs.ILogGroup,
    ) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "pipes.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            ),
        )
        self.pipe = pipes.CfnPipe(
            self,
            "Default",
            role_arn=self.role.role_arn,
            source=source.queue_arn,
            # Messages of one batch share one start: a second one would be lost with the first.
            source_parameters=pipes.CfnPipe.PipeSourceParametersProperty(
                sqs_queue_parameters=pipes.CfnPipe.PipeSourceSqsQueueParametersProperty(
                    batch_size=1
                )
            ),
            enrichment=enrichment.function_arn,
            target=target.attr_arn,
            target_parameters=pipes.CfnPipe.PipeTargetParametersProperty(
                step_function_state_machine_parameters=(
                    pipes.CfnPipe.PipeTargetStateMachineParametersProperty(
                        invocation_type="FIRE_AND_FORGET"
                    )
                )
            ),
            log_configuration=pipes.CfnPipe.PipeLogConfigurationProperty(
                level="ERROR",
                cloudwatch_logs_log_destination=(
                    pipes.CfnPipe.CloudwatchLogsLogDestinationProperty(
                        log_group_arn=log_group.log_group_arn
                    )
                ),
            ),
        )
        # A pipe polls as soon as it is there: not before its role may.
        self.pipe.node.add_dependency(self.role)
