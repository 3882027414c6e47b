"""A web ACL before the API.

AWS WAF takes no HTTP API. It takes a CloudFront distribution, so one is put before the API; it adds
a secret header, and the API's function answers nobody who does not bring it.
"""

from aws_cdk import (
    CfnRule,
    CfnRuleAssertion,
    Fn,
    RemovalPolicy,
    Stack,
)
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from infrastructure.api import Api
from infrastructure.edge_log import edge_log
from infrastructure.stage import Stage

SHOWN_IN = "X-Reelwright-Pass"
_PASS_LETTERS = 43
_MANAGED = {
    "AWSManagedRulesAmazonIpReputationList": (),
    "AWSManagedRulesKnownBadInputsRuleSet": (),
    # A request is up to 128 KB of JSON and names addresses of sources: what these two look for.
    "AWSManagedRulesCommonRuleSet": ("GenericRFI_BODY", "SizeRestrictions_BODY"),
}
"""Rule groups of AWS, each with those of its rules that only count."""


class Pass(Construct):
    """The secret that the distribution adds to a call and the API's function asks for."""

    def __init__(
        self, scope: Construct, construct_id: str, *, key: kms.IKey, removal: RemovalPolicy
    ) -> None:
        super().__init__(scope, construct_id)
        self.secret = secretsmanager.Secret(
            self,
            "Default",
            description="What the distribution before the API shows to the API's function",
            encryption_key=key,
            removal_policy=removal,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                exclude_punctuation=True, password_length=_PASS_LETTERS
            ),
        )


class Firewall(Construct):
    """The distribution before the API, with the web ACL that it asks. `url` is the API's, then."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        api: Api,
        shown: secretsmanager.ISecret,
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        self.log = edge_log(self, "Log", removal=removal)
        host = f"{api.http.api_id}.execute-api.{stack.region}.{stack.url_suffix}"
        self.distribution = cloudfront.Distribution(
            self,
            "Default",
            comment=f"{stack.stack_name}: before the API",
            web_acl_id=stage.web_acl_arn or self._web_acl(stage.firewall_calls),
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.HttpOrigin(
                    host,
                    protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
                    origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
                    custom_headers={SHOWN_IN: shown.secret_value.unsafe_unwrap()},
                ),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
                allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
                cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
                # The token is in a header; API Gateway knows itself only by its own host name.
                origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
            ),
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            enable_logging=True,
            log_bucket=self.log,
        )

    @property
    def url(self) -> str:
        return f"https://{self.distribution.distribution_domain_name}"

    def _web_acl(self, calls: int) -> str:
        CfnRule(
            self,
            "Region",
            assertions=[
                CfnRuleAssertion(
                    assert_=Fn.condition_equals(Stack.of(self).region, "us-east-1"),
                    assert_description=(
                        "firewall=own needs a stack in us-east-1, where CloudFront's web ACLs are; "
                        "elsewhere make one there and give firewall=given and web_acl_arn."
                    ),
                )
            ],
        )
        rules = [_by_address(calls), *map(_managed, range(1, len(_MANAGED) + 1), _MANAGED)]
        acl = wafv2.CfnWebACL(
            self,
            "WebAcl",
            scope="CLOUDFRONT",
            default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_seen("WebAcl"),
            rules=rules,
        )
        return acl.attr_arn


def _by_address(calls: int) -> wafv2.CfnWebACL.RuleProperty:
    return wafv2.CfnWebACL.RuleProperty(
        name="CallsOfOneAddress",
        priority=0,
        action=wafv2.CfnWebACL.RuleActionProperty(block={}),
        statement=wafv2.CfnWebACL.StatementProperty(
            rate_based_statement=wafv2.CfnWebACL.RateBasedStatementProperty(
                aggregate_key_type="IP", limit=calls, evaluation_window_sec=300
            )
        ),
        visibility_config=_seen("CallsOfOneAddress"),
    )


def _managed(priority: int, name: str) -> wafv2.CfnWebACL.RuleProperty:
    count = wafv2.CfnWebACL.RuleActionProperty(count={})
    return wafv2.CfnWebACL.RuleProperty(
        name=name,
        priority=priority,
        override_action=wafv2.CfnWebACL.OverrideActionProperty(none={}),
        statement=wafv2.CfnWebACL.StatementProperty(
            managed_rule_group_statement=wafv2.CfnWebACL.ManagedRuleGroupStatementProperty(
                vendor_name="AWS",
                name=name,
                rule_action_overrides=[
                    wafv2.CfnWebACL.RuleActionOverrideProperty(name=rule, action_to_use=count)
                    for rule in _MANAGED[name]
                ],
            )
        ),
        visibility_config=_seen(name),
    )


def _seen(name: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=True
    )
