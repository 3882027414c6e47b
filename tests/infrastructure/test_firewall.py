"""A web ACL before the API: what it asks, and that nobody gets past it."""

import pytest

from functions.handle_api.front_door import HEADER
from tests.infrastructure.equipped import WEB_ACL, allowed
from tests.infrastructure.synthesis import Resource, Synthesis, plain


def before(stack: Synthesis) -> Resource:
    config: Resource = stack.named("Firewall")["DistributionConfig"]
    return config


def test_the_apis_address_is_the_distributions(own: Synthesis, stack: Synthesis) -> None:
    assert plain(own.template["Outputs"]["ApiUrl"]["Value"]) == "https://Firewall.DomainName"
    assert "Firewall" not in plain(stack.template["Outputs"]["ApiUrl"]["Value"])


def test_calls_reach_the_api_whole_and_are_not_kept(own: Synthesis) -> None:
    behavior = before(own)["DefaultCacheBehavior"]
    assert set(behavior["AllowedMethods"]) >= {"GET", "POST", "DELETE", "OPTIONS"}
    # AWS's own policies CachingDisabled and AllViewerExceptHostHeader, which have the same ids
    # everywhere: https://docs.aws.amazon.com/AmazonCloudFront, "managed policies".
    assert behavior["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert behavior["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
    assert behavior["ViewerProtocolPolicy"] == "https-only"


@pytest.mark.aws("delivery")
def test_it_shows_a_pass_that_only_it_and_the_function_know(own: Synthesis) -> None:
    (origin,) = before(own)["Origins"]
    assert plain(origin["DomainName"]) == "Api.execute-api.region.urlsuffix"
    assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    (header,) = origin["OriginCustomHeaders"]
    assert header["HeaderName"].lower() == HEADER
    assert plain(header["HeaderValue"]) == "{{resolve:secretsmanager:Pass:SecretString:::}}"
    told = {
        folder
        for folder, function in own.functions().items()
        if "PASS_SECRET_ARN" in function["Environment"]["Variables"]
    }
    assert told == {"handle_api"}
    assert ("secretsmanager:GetSecretValue", "Pass") in allowed(own, "HandleApiFunctionRole")
    secret = own.named("Pass")
    assert plain(secret["KmsKeyId"]) == "Key"


def test_by_default_there_is_no_pass(stack: Synthesis) -> None:
    text = stack.template_path.read_text()
    assert "PASS_SECRET_ARN" not in text
    assert HEADER not in text.lower()


def test_the_stacks_own_web_acl_limits_an_address_and_knows_bad_calls(own: Synthesis) -> None:
    assert plain(before(own)["WebACLId"]) == "FirewallWebAcl"
    acl = own.only("AWS::WAFv2::WebACL")
    assert (acl["Scope"], acl["DefaultAction"]) == ("CLOUDFRONT", {"Allow": {}})
    limit, *groups = sorted(acl["Rules"], key=lambda rule: rule["Priority"])
    assert limit["Action"] == {"Block": {}}
    assert limit["Statement"]["RateBasedStatement"] == {
        "AggregateKeyType": "IP",
        "EvaluationWindowSec": 300,
        "Limit": 2000,
    }
    found = {group["Name"]: group for group in groups}
    assert found.keys() == {
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesKnownBadInputsRuleSet",
    }
    for group in groups:
        assert group["OverrideAction"] == {"None": {}}
    common = found["AWSManagedRulesCommonRuleSet"]["Statement"]["ManagedRuleGroupStatement"]
    # A job's body is large and full of addresses.
    assert {one["Name"]: one["ActionToUse"] for one in common["RuleActionOverrides"]} == {
        "GenericRFI_BODY": {"Count": {}},
        "SizeRestrictions_BODY": {"Count": {}},
    }


def test_its_own_is_made_only_where_cloudfronts_are(own: Synthesis, given: Synthesis) -> None:
    (rule,) = [one for name, one in own.template["Rules"].items() if "Region" in name]
    (assertion,) = rule["Assertions"]
    assert assertion["Assert"] == {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}
    assert "firewall=given" in assertion["AssertDescription"]
    assert not [name for name in given.template["Rules"] if "Region" in name]


def test_one_that_is_given_is_asked(given: Synthesis) -> None:
    assert before(given)["WebACLId"] == WEB_ACL
    assert not given.of_type("AWS::WAFv2::WebACL")
