"""Where CloudFront writes its access log."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3
from constructs import Construct


def edge_log(scope: Construct, construct_id: str, *, removal: RemovalPolicy) -> s3.Bucket:
    """CloudFront writes by an access control list, and only with S3's own encryption."""
    return s3.Bucket(
        scope,
        construct_id,
        encryption=s3.BucketEncryption.S3_MANAGED,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_PREFERRED,
        enforce_ssl=True,
        removal_policy=removal,
        lifecycle_rules=[s3.LifecycleRule(id="Expire", expiration=Duration.days(90))],
    )
