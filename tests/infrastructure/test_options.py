"""What a stage may have beyond the default: refused by name where it can't be."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint_file
from cfnlint.config import ManualArgs
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from infrastructure.options import Options
from infrastructure.stage import Stage, StageError
from tests.infrastructure.equipped import KEY, VPC, allowed, given, own, private_key, public_pem
from tests.infrastructure.synthesis import Synthesis, plain

DOCS = Path(__file__).resolve().parents[2] / "docs"
CDK_MAKES_IT = "W3005"
"""A function that depends on its role by name and by reference; see .cfnlintrc."""


def private_pem() -> str:
    text = private_key().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return text.decode()


@pytest.mark.parametrize(
    ("context", "sentence"),
    [
        ({"network": "mine"}, "network: 'mine' is not possible; allowed: none, own, given"),
        ({"network": "given"}, "network: `given` needs vpc_id and two of its subnets"),
        ({"vpc_id": VPC}, "vpc_id: it is used only with network=given"),
        ({**given(), "vpc_route_tables": ""}, "vpc_route_tables: name the subnets' route tables"),
        ({"way_out": "false"}, "way_out: functions outside a VPC always have one"),
        ({"network": "own", "nat_gateways": 3}, "nat_gateways: 3 in 2 zones; at most one a zone"),
        ({"vpc_cidr": "10.999.0.0/16"}, "vpc_cidr: '10.999.0.0/16' is no private range"),
        ({"vpc_cidr": "8.8.0.0/16"}, "vpc_cidr: '8.8.0.0/16' is no private range"),
        ({"vpc_cidr": "10.0.0.0/24"}, "vpc_cidr: '10.0.0.0/24' is no private range"),
        ({"vpc_zones": 4}, "vpc_zones: 4 is not possible; allowed: 2 to 3"),
        ({"key_arn": "alias/mine"}, "key_arn: 'alias/mine' is not possible; allowed: ^$|^arn:"),
        ({"web_acl_arn": own()}, "web_acl_arn: "),
        ({"firewall": "given"}, "web_acl_arn: firewall=given needs it"),
        ({"firewall_calls": 9}, "firewall_calls: 9 is not possible; allowed: 10 to 2000000000"),
        ({**own(), "delivery_certificate_arn": ""}, "delivery_domain: it and delivery_cert"),
        ({**own(), "delivery_public_keys": ""}, "delivery_domain: there is no distribution"),
        ({"delivery_public_keys": "key"}, "delivery_public_keys: no PEM in it"),
        ({"delivery_public_keys": 5}, "delivery_public_keys: give the text of"),
        ({"delivery_public_keys": public_pem() * 6}, "delivery_public_keys: 6 keys; a key group"),
        ({"tags": "application=mine"}, "tags: 'application' is not yours to set"),
        ({"tags": "AWS:name=x"}, "tags: 'AWS:name' is not yours to set"),
        ({"tags": "team"}, "tags: 'team' is not possible"),
        ({"uploads_expire_days": 8}, "uploads_expire_days: 8 is less than a job may need; allowed"),
        ({"outputs_expire_days": 1}, "outputs_expire_days: 1 is less than a job may need; allowed"),
        ({"network": "own", "target": "local"}, "network: the embedded AWS has no such thing"),
        (
            {
                **given(),
                "ivs_channels": [
                    {
                        "arn": "arn:aws:ivs:eu-west-1:111122223333:channel/a",
                        "playback_url": "https://a",
                    }
                ],
            },
            "ivs_channels: streams are played over the internet",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(context: dict[str, Any], sentence: str) -> None:
    with pytest.raises(StageError) as refused:
        Stage.from_context(context)
    assert str(refused.value).startswith(sentence)
    assert "Value error" not in str(refused.value)


def test_a_private_key_is_refused_and_not_repeated() -> None:
    with pytest.raises(StageError, match="this is a private key") as refused:
        Stage.from_context({"delivery_public_keys": private_pem()})
    assert private_pem().splitlines()[1] not in str(refused.value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: rsa.generate_private_key(65537, 3072),
        lambda: ec.generate_private_key(ec.SECP384R1()),
    ],
    ids=["RSA of 3072 bits", "P-384"],
)
def test_a_key_that_cloudfront_does_not_take_is_refused(make: Callable[[], Any]) -> None:
    with pytest.raises(StageError, match="RSA keys of 2048 bits and ECDSA keys of P-256"):
        Stage.from_context({"delivery_public_keys": public_pem(make())})


def test_keys_are_read_however_they_were_quoted() -> None:
    rsa_pem, ec_pem = public_pem(), public_pem(ec.generate_private_key(ec.SECP256R1()))
    for text in (
        rsa_pem + ec_pem,
        (rsa_pem + ec_pem).replace("\n", "\\n"),
        (rsa_pem + ec_pem).replace("\n", ""),
        [rsa_pem, ec_pem],
    ):
        assert Stage.from_context({"delivery_public_keys": text}).delivery_public_keys == (
            rsa_pem,
            ec_pem,
        )


def test_nothing_of_it_is_on_by_default() -> None:
    stage = Stage.from_context({})
    assert (stage.network, stage.firewall, stage.delivery_public_keys) == ("none", "none", ())
    assert (stage.key_arn, stage.tags) == ("", {})
    assert (stage.outputs_expire_days, stage.uploads_expire_days) == (0, 0)


@pytest.mark.parametrize("name", Options.model_fields)
def test_each_setting_is_described_where_it_is_and_in_the_docs(name: str) -> None:
    told = Options.model_fields[name].description
    assert told is not None
    assert len(told) > 20
    text = "".join((DOCS / page).read_text() for page in ("network.md", "delivery.md"))
    assert f"`{name}`" in text
    default = Stage.model_fields[name].default
    if isinstance(default, int) and not isinstance(default, bool):
        (row,) = re.findall(rf"^\| `{name}` \| ([^|]*) \|", text, re.MULTILINE)
        assert row.strip() == str(default)


@pytest.mark.parametrize("which", ["own", "given"])
def test_rules_of_others_find_nothing_with_every_setting_on(
    request: pytest.FixtureRequest, which: str
) -> None:
    stack: Synthesis = request.getfixturevalue(which)
    report = json.loads((stack.folder / "validation-report.json").read_text())
    (nag,) = [one for one in report["pluginReports"] if one["pluginName"] == "AwsSolutions"]
    assert (nag["conclusion"], nag["violations"]) == ("success", [])
    accepted = {one["ruleName"] for one in nag["suppressedViolations"]}
    assert any("CFR4" in name for name in accepted)


def test_cfn_lint_finds_nothing_with_every_setting_on(own: Synthesis) -> None:
    found = lint_file(own.template_path, config=ManualArgs(ignore_checks=[CDK_MAKES_IT]))
    assert [str(match) for match in found] == []


@pytest.mark.aws("kms")
def test_the_docs_tell_what_a_given_keys_policy_must_allow(own: Synthesis) -> None:
    (block,) = re.findall(r"```json\n(.+?)```", (DOCS / "network.md").read_text(), re.DOTALL)
    assert json.loads(block) == written(own.named("Key")["KeyPolicy"])


def written(value: Any) -> Any:
    """As a person writes it who puts the account and the region in."""
    match value:
        case {"Ref": _} | {"Fn::Join": _}:
            text = plain(value).replace("arn:partition:", "arn:aws:")
            for name in "accountid", "region":
                text = text.replace(name, name.removesuffix("id").upper())
            return text.replace("urlsuffix", "amazonaws.com")
        case dict():
            return {name: written(item) for name, item in value.items()}
        case list():
            return [written(item) for item in value]
    return value


def test_tags_are_on_everything_that_takes_some(own: Synthesis) -> None:
    for name in "Jobs", "Media", "Key", "RenderMachine", "NetworkVpc":
        assert {"Key": "team", "Value": "video"} in own.named(name)["Tags"]
    assert own.only("AWS::ApiGatewayV2::Api")["Tags"]["project"] == "archive"


def test_what_expires_is_as_the_stage_says(own: Synthesis) -> None:
    rules = own.named("Media")["LifecycleConfiguration"]["Rules"]
    days = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "Prefix" in rule}
    assert days == {"parts/": 7, "uploads/": 30, "jobs/": 90}


def test_a_key_that_is_given_encrypts_all(given: Synthesis) -> None:
    assert not given.of_type("AWS::KMS::Key")
    for kind, name in (
        ("AWS::Logs::LogGroup", "KmsKeyId"),
        ("AWS::SQS::Queue", "KmsMasterKeyId"),
        ("AWS::SNS::Topic", "KmsMasterKeyId"),
        ("AWS::SecretsManager::Secret", "KmsKeyId"),
    ):
        found = [one["Properties"][name] for one in given.of_type(kind).values()]
        assert set(found) == {KEY}
    (rule,) = given.named("Media")["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] == KEY
    for role in "RenderChunkFunctionRole", "RenderMachineRole", "JobPipeRole":
        assert ("kms:Decrypt", KEY) in allowed(given, role)
