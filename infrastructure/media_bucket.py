"""Where sources, parts and results are."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct


class MediaBucket(Construct):
    """A private bucket and the bucket of its access log.

    `uploads/` holds sources, `parts/` what workers made (it expires), `jobs/` plans and results.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        key: kms.IKey,
        removal: RemovalPolicy,
        parts_expire_days: int,
    ) -> None:
        super().__init__(scope, construct_id)
        # S3 writes access logs only to a bucket with S3's own encryption.
        access_log = s3.Bucket(
            self,
            "AccessLog",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            removal_policy=removal,
            lifecycle_rules=[s3.LifecycleRule(id="Expire", expiration=Duration.days(90))],
        )
        self.bucket = s3.Bucket(
            self,
            "Default",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            removal_policy=removal,
            server_access_logs_bucket=access_log,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="ExpireParts",
                    prefix="parts/",
                    expiration=Duration.days(parts_expire_days),
                ),
                s3.LifecycleRule(
                    id="DropUnfinishedUploads",
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                ),
            ],
        )
