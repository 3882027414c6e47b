"""The one key that media, records, messages, alerts and logs are encrypted with."""

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct


class EncryptionKey(Construct):
    """A customer-managed key, turned over yearly, and the AWS services that may use it.

    Or the one at `arn`: its owner writes its policy, as docs/network.md tells.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, removal: RemovalPolicy, arn: str
    ) -> None:
        super().__init__(scope, construct_id)
        self.key: kms.IKey
        if arn:
            self.key = kms.Key.from_key_arn(self, "Given", arn)
            return
        stack = Stack.of(self)
        self.key = kms.Key(
            self,
            "Default",
            description=f"{stack.stack_name}: media, jobs, messages, alerts and logs",
            enable_key_rotation=True,
            removal_policy=removal,
        )
        log_groups = stack.format_arn(
            service="logs",
            resource="log-group",
            resource_name=f"{stack.stack_name}-*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        self._allow(
            "logs",
            iam.ServicePrincipal(f"logs.{stack.region}.{stack.url_suffix}"),
            [
                "kms:Encrypt",
                "kms:Decrypt",
                "kms:ReEncrypt*",
                "kms:GenerateDataKey*",
                "kms:DescribeKey",
            ],
            {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": log_groups}},
        )
        # An alarm writes to the topic, and a rule to its dead-letter queue. EventBridge does not
        # say to KMS whom it acts for; the queue's own policy names the one rule.
        for service, conditions in (
            ("cloudwatch", {"StringEquals": {"aws:SourceAccount": stack.account}}),
            ("events", {}),
        ):
            self._allow(
                service,
                iam.ServicePrincipal(f"{service}.amazonaws.com"),
                ["kms:Decrypt", "kms:GenerateDataKey"],
                conditions,
            )

    def _allow(
        self,
        sid: str,
        principal: iam.IPrincipal,
        actions: list[str],
        conditions: dict[str, dict[str, str]],
    ) -> None:
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid=sid.capitalize(),
                principals=[principal],
                actions=actions,
                resources=["*"],
                conditions=conditions,
            )
        )
