"""CloudFront over jobs' files: what it may read, who may look, from which pages."""

import base64
import hashlib
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from tests.infrastructure.equipped import CERTIFICATE, DOMAIN, PAGE, private_key, public_pem
from tests.infrastructure.synthesis import Resource, Synthesis, plain

CLOUDFRONT = {"Service": "cloudfront.amazonaws.com"}


def served(stack: Synthesis) -> Resource:
    config: Resource = stack.named("Delivery")["DistributionConfig"]
    return config


def of_cloudfront(document: Resource) -> list[Resource]:
    return [one for one in document["Statement"] if one["Principal"] == CLOUDFRONT]


def test_by_default_there_is_none(stack: Synthesis) -> None:
    kinds = {found["Type"] for found in stack.template["Resources"].values()}
    assert not [kind for kind in kinds if kind.startswith(("AWS::CloudFront", "AWS::WAF"))]


def test_it_reads_what_jobs_made_and_nothing_else(own: Synthesis) -> None:
    (rule,) = of_cloudfront(own.named("MediaPolicy")["PolicyDocument"])
    assert rule["Action"] == "s3:GetObject"
    assert plain(rule["Resource"]) == "Media/jobs/*/out/*"
    arn = plain(rule["Condition"]["StringEquals"]["AWS:SourceArn"])
    assert arn == "arn:partition:cloudfront::accountid:distribution/Delivery"
    assert rule["Condition"].keys() == {"StringEquals"}


def test_the_key_opens_for_distributions_of_this_account(own: Synthesis) -> None:
    """Which one is for the bucket to say: the key can't name what needs it first."""
    (rule,) = of_cloudfront(own.named("Key")["KeyPolicy"])
    assert rule["Action"] == "kms:Decrypt"
    assert rule["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    named = plain(rule["Condition"]["ArnLike"]["AWS:SourceArn"])
    assert named == "arn:partition:cloudfront::accountid:distribution/*"


def test_it_signs_what_it_asks_of_the_bucket(own: Synthesis) -> None:
    (origin,) = served(own)["Origins"]
    assert plain(origin["DomainName"]) == "Media.RegionalDomainName"
    assert plain(origin["OriginAccessControlId"]) == "DeliveryAccess.Id"
    access = own.only("AWS::CloudFront::OriginAccessControl")["OriginAccessControlConfig"]
    assert (access["SigningBehavior"], access["SigningProtocol"]) == ("always", "sigv4")


@pytest.mark.aws("delivery")
def test_nobody_looks_without_a_signature_of_the_stages_key(own: Synthesis) -> None:
    config = served(own)
    assert "CacheBehaviors" not in config
    behavior = config["DefaultCacheBehavior"]
    assert [plain(one) for one in behavior["TrustedKeyGroups"]] == ["DeliverySigners"]
    assert behavior["ViewerProtocolPolicy"] == "https-only"
    (key_id,) = own.named("DeliverySigners")["KeyGroupConfig"]["Items"]
    # CloudFront can't change a key: another one must be another resource.
    digest = hashlib.sha256(public_pem().encode()).hexdigest()[:12]
    assert plain(key_id) == f"DeliveryKey{digest}"
    key = own.only("AWS::CloudFront::PublicKey")["PublicKeyConfig"]
    assert key["EncodedKey"] == public_pem()
    outputs = own.template["Outputs"]
    assert outputs["DeliveryKeyIds"]["Value"] == key_id


def test_pages_of_the_stages_origins_play_and_others_do_not(
    own: Synthesis, given: Synthesis
) -> None:
    config = own.only("AWS::CloudFront::ResponseHeadersPolicy")["ResponseHeadersPolicyConfig"]
    cors = config["CorsConfig"]
    assert cors["AccessControlAllowOrigins"]["Items"] == [PAGE]
    assert cors["AccessControlAllowMethods"]["Items"] == ["GET", "HEAD", "OPTIONS"]
    assert cors["AccessControlAllowCredentials"] is True
    assert cors["AccessControlAllowHeaders"]["Items"] == ["Range"]
    assert "Content-Range" in cors["AccessControlExposeHeaders"]["Items"]
    bare = given.only("AWS::CloudFront::ResponseHeadersPolicy")["ResponseHeadersPolicyConfig"]
    assert "CorsConfig" not in bare
    assert bare["SecurityHeadersConfig"]["ContentTypeOptions"] == {"Override": True}


def test_the_docs_sign_what_the_stacks_key_proves() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "delivery.md").read_text()
    (block,) = re.findall(r"```python\n(.+?)```", text, re.DOTALL)
    told: dict[str, Any] = {}
    exec(block, told)  # noqa: S102 - our own page
    pem = private_key().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    resource = f"https://{DOMAIN}/jobs/a/out/hls/*"

    signed = told["sign"](pem, "K1", resource, 60)

    assert signed.keys() == {"Policy", "Signature", "Key-Pair-Id"}
    assert all(re.fullmatch(r"[A-Za-z0-9_~-]+", value) for value in signed.values())
    policy, signature = (
        base64.b64decode(signed[name].translate(str.maketrans("-_~", "+=/")))
        for name in ("Policy", "Signature")
    )
    private_key().public_key().verify(signature, policy, PKCS1v15(), hashes.SHA1())  # noqa: S303
    (statement,) = json.loads(policy)["Statement"]
    assert statement["Resource"] == resource
    assert statement["Condition"]["DateLessThan"]["AWS:EpochTime"] > time.time()


def test_it_has_a_name_of_its_own_where_the_stage_says_so(own: Synthesis, given: Synthesis) -> None:
    config = served(own)
    assert config["Aliases"] == [DOMAIN]
    assert config["ViewerCertificate"] == {
        "AcmCertificateArn": CERTIFICATE,
        "MinimumProtocolVersion": "TLSv1.2_2021",
        "SslSupportMethod": "sni-only",
    }
    assert own.template["Outputs"]["DeliveryUrl"]["Value"] == f"https://{DOMAIN}"
    assert "Aliases" not in served(given)
    url = plain(given.template["Outputs"]["DeliveryUrl"]["Value"])
    assert url == "https://Delivery.DomainName"


def test_who_looked_is_logged_into_a_private_bucket(own: Synthesis) -> None:
    assert plain(served(own)["Logging"]["Bucket"]) == "DeliveryLog.RegionalDomainName"
    log = own.named("DeliveryLog")
    assert set(log["PublicAccessBlockConfiguration"].values()) == {True}
    (rule,) = log["OwnershipControls"]["Rules"]
    assert rule["ObjectOwnership"] == "BucketOwnerPreferred"
