"""A table of records: the jobs, their turns, and what was sent."""

from collections.abc import Mapping

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct


class RecordsTable(Construct):
    """Paid by request, encrypted, restorable to any second of 35 days."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        partition_key: str,
        sort_key: str | None = None,
        key: kms.IKey,
        removal: RemovalPolicy,
        streams: bool = False,
        indexes: Mapping[str, tuple[str, str]] | None = None,
        expires_at: str | None = None,
    ) -> None:
        """`partition_key` names a text, `sort_key` a number; `streams` tells of every change.

        `indexes` hold keys alone: by the name of each the two texts it is ordered by. `expires_at`
        names a time in seconds, after which a row may go.
        """
        super().__init__(scope, construct_id)
        self.table = dynamodb.Table(
            self,
            "Default",
            partition_key=dynamodb.Attribute(
                name=partition_key, type=dynamodb.AttributeType.STRING
            ),
            sort_key=dynamodb.Attribute(name=sort_key, type=dynamodb.AttributeType.NUMBER)
            if sort_key
            else None,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES if streams else None,
            time_to_live_attribute=expires_at,
            removal_policy=removal,
        )
        for name, (partition, order) in (indexes or {}).items():
            self.table.add_global_secondary_index(
                index_name=name,
                partition_key=dynamodb.Attribute(
                    name=partition, type=dynamodb.AttributeType.STRING
                ),
                sort_key=dynamodb.Attribute(name=order, type=dynamodb.AttributeType.STRING),
                projection_type=dynamodb.ProjectionType.KEYS_ONLY,
            )
