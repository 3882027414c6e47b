"""Webhooks: the queue they wait in, the queue of those nobody took, and the secret that signs."""

import string

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infrastructure.fifo_queue import FifoQueue

MOST_ATTEMPTS = 10
"""As long as the schedule of functions/deliver_webhook/schedule.py."""
_SECRET_LETTERS = 44
"""33 bytes as base64; Standard Webhooks asks for 24 to 64."""
_AT_ONCE = 20
"""Receivers that answer slowly must not take the account's functions from renders."""


class Webhooks(FifoQueue):
    """In order for each job: a webhook that waits holds back the next ones of its job only."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        key: kms.IKey,
        removal: RemovalPolicy,
        work_s: int,
    ) -> None:
        """`work_s`: the longest an attempt takes."""
        super().__init__(
            scope,
            construct_id,
            key=key,
            work_s=work_s,
            # Each webhook of a job whose receiver is gone is tried for a day, one after another.
            retention=Duration.days(14),
            max_receives=MOST_ATTEMPTS,
        )
        self.secret = secretsmanager.Secret(
            self,
            "Secret",
            description="Signs webhooks: write whsec_ before it (docs/events.md)",
            encryption_key=key,
            removal_policy=removal,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                # What is left is base64's alphabet, so that any such text is a secret in base64.
                exclude_characters="".join(sorted(set(string.punctuation) - set("+/"))),
                require_each_included_type=False,
                password_length=_SECRET_LETTERS,
            ),
        )

    def deliver_by(self, deliverer: lambda_.IFunction) -> None:
        lambda_.EventSourceMapping(
            self,
            "Deliveries",
            target=deliverer,
            event_source_arn=self.queue.queue_arn,
            batch_size=1,
            report_batch_item_failures=True,
            max_concurrency=_AT_ONCE,
        )
