"""Jobs' files by CloudFront, to whoever has an address or cookies that the key's owner signed."""

import hashlib

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infrastructure.edge_log import edge_log
from infrastructure.stage import Stage

SERVED = "jobs/*/out/*"
"""Plans, results, parts and uploads are nobody's to look at."""
_CLOUDFRONT = iam.ServicePrincipal("cloudfront.amazonaws.com")


class Delivery(Construct):
    """A distribution over `jobs/*/out/*` of the media bucket. `key_ids` go into signatures."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        bucket: s3.IBucket,
        key: kms.IKey,
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        self._domain = stage.delivery_domain
        keys = [self._public_key(pem) for pem in stage.delivery_public_keys]
        self.key_ids = [one.public_key_id for one in keys]
        signers = cloudfront.KeyGroup(self, "Signers", items=list(keys))
        access = cloudfront.S3OriginAccessControl(self, "Access")
        # With CDK's own origin for it, CloudFront would be allowed to read the whole bucket.
        origin = origins.S3BucketOrigin.with_bucket_defaults(
            bucket, origin_access_control_id=access.origin_access_control_id
        )
        self.log = edge_log(self, "Log", removal=removal)
        self.distribution = cloudfront.Distribution(
            self,
            "Default",
            comment=f"{Stack.of(self).stack_name}: what jobs made",
            default_behavior=cloudfront.BehaviorOptions(
                origin=origin,
                trusted_key_groups=[signers],
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
                allowed_methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
                # What is published is never written again.
                cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED,
                origin_request_policy=cloudfront.OriginRequestPolicy.CORS_S3_ORIGIN,
                response_headers_policy=self._headers(stage.cors_origins),
                compress=True,
            ),
            domain_names=[self._domain] if self._domain else None,
            certificate=self._certificate(stage.delivery_certificate_arn),
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            enable_logging=True,
            log_bucket=self.log,
        )
        self._let_it_read(bucket, key)

    @property
    def url(self) -> str:
        return f"https://{self._domain or self.distribution.distribution_domain_name}"

    def _public_key(self, pem: str) -> cloudfront.PublicKey:
        """CloudFront can't change one: another key is another resource."""
        digest = hashlib.sha256(pem.encode()).hexdigest()[:12]
        return cloudfront.PublicKey(self, f"Key{digest}", encoded_key=pem)

    def _certificate(self, arn: str) -> acm.ICertificate | None:
        return acm.Certificate.from_certificate_arn(self, "Certificate", arn) if arn else None

    def _headers(self, pages: tuple[str, ...]) -> cloudfront.ResponseHeadersPolicy:
        """Pages of the stage's `cors_origins` may play and show; others may only link."""
        cors = cloudfront.ResponseHeadersCorsBehavior(
            # Signed cookies are sent only to who allows it, and that to no `*`.
            access_control_allow_credentials=True,
            access_control_allow_headers=["Range"],
            access_control_allow_methods=["GET", "HEAD", "OPTIONS"],
            access_control_allow_origins=list(pages),
            access_control_expose_headers=["Content-Length", "Content-Range", "ETag"],
            access_control_max_age=Duration.hours(1),
            origin_override=True,
        )
        return cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            cors_behavior=cors if pages else None,
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=Duration.days(365), override=True
                ),
            ),
        )

    def _let_it_read(self, bucket: s3.IBucket, key: kms.IKey) -> None:
        stack = Stack.of(self)
        distributions = stack.format_arn(
            service="cloudfront", region="", resource="distribution", resource_name="*"
        )
        bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid="Delivery",
                principals=[_CLOUDFRONT],
                actions=["s3:GetObject"],
                resources=[bucket.arn_for_objects(SERVED)],
                conditions={"StringEquals": {"AWS:SourceArn": self.distribution.distribution_arn}},
            )
        )
        # The distribution needs its bucket, and that its key: the key can't name the distribution.
        # The bucket does, so another one of this account gets nothing to decrypt.
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="Delivery",
                principals=[_CLOUDFRONT],
                actions=["kms:Decrypt"],
                resources=["*"],
                conditions={
                    "StringEquals": {"aws:SourceAccount": stack.account},
                    "ArnLike": {"AWS:SourceArn": distributions},
                },
            )
        )
