"""Where sources, parts and results are."""

from collections.abc import Sequence

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct


class MediaBucket(Construct):
    """A private bucket and the bucket of its access log.

    `uploads/` holds sources, `parts/` what workers made (it expires), `jobs/` plans and results.
    Uploads and results expire where the stage says so: 0 days are for ever.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        key: kms.IKey,
        removal: RemovalPolicy,
        parts_expire_days: int,
        uploads_expire_days: int,
        outputs_expire_days: int,
        cors_origins: Sequence[str],
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
            cors=[_presigned_use(cors_origins)] if cors_origins else None,
            lifecycle_rules=[
                _expire("parts/", parts_expire_days),
                s3.LifecycleRule(
                    id="DropUnfinishedUploads",
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                ),
                *(
                    _expire(prefix, days)
                    for prefix, days in {
                        "uploads/": uploads_expire_days,
                        "jobs/": outputs_expire_days,
                    }.items()
                    if days
                ),
            ],
        )


def _expire(prefix: str, days: int) -> s3.LifecycleRule:
    name = prefix.removesuffix("/").capitalize()
    return s3.LifecycleRule(id=f"Expire{name}", prefix=prefix, expiration=Duration.days(days))


def _presigned_use(origins: Sequence[str]) -> s3.CorsRule:
    """Web pages of these origins may use the addresses that the API gave them."""
    return s3.CorsRule(
        allowed_origins=list(origins),
        allowed_methods=[s3.HttpMethods.GET, s3.HttpMethods.HEAD, s3.HttpMethods.PUT],
        allowed_headers=["*"],
        exposed_headers=["ETag"],
        max_age=3600,
    )
