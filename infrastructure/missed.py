"""Where events and records are kept that could not be handed on, until somebody looks."""

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct


def missed_queue(scope: Construct, key: kms.IKey) -> sqs.Queue:
    """`scope`'s own, for as long as SQS keeps messages."""
    return sqs.Queue(
        scope,
        "Missed",
        encryption=sqs.QueueEncryption.KMS,
        encryption_master_key=key,
        enforce_ssl=True,
        retention_period=Duration.days(14),
    )
