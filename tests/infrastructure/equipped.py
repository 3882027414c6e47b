"""Two stages that between them have every option on, and the key whose public half they know."""

import functools
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from tests.infrastructure.synthesis import Resource, Synthesis, plain

PAGE = "https://app.example.com"
DOMAIN = "media.example.com"
VPC, SUBNETS = "vpc-0123456789abcdef0", ("subnet-01234567", "subnet-89abcdef")
ROUTES = "rtb-01234567"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef"
CERTIFICATE = "arn:aws:acm:us-east-1:111122223333:certificate/0a1b"
WEB_ACL = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/ours/0a1b"


@functools.cache
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def public_pem(key: PrivateKeyTypes | None = None) -> str:
    """As `openssl pkey -pubout` prints it."""
    public = (key or private_key()).public_key()
    return public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def own() -> dict[str, object]:
    """All that a stack can make itself."""
    return {
        "network": "own",
        "firewall": "own",
        "delivery_public_keys": public_pem(),
        "delivery_domain": DOMAIN,
        "delivery_certificate_arn": CERTIFICATE,
        "cors_origins": PAGE,
        "tags": "team=video,project=archive",
        "outputs_expire_days": 90,
        "uploads_expire_days": 30,
    }


def given() -> dict[str, object]:
    """All that it can be given, and no way to the internet."""
    return {
        "network": "given",
        "vpc_id": VPC,
        "vpc_subnets": ",".join(SUBNETS),
        "vpc_route_tables": ROUTES,
        "way_out": "false",
        "key_arn": KEY,
        "firewall": "given",
        "web_acl_arn": WEB_ACL,
        "delivery_public_keys": public_pem(),
    }


def statements(stack: Synthesis, role: str) -> list[Resource]:
    """Of the policies of a role, named by its logical id without the hash."""
    return [
        statement
        for policy in stack.of_type("AWS::IAM::Policy").values()
        if role in [plain(one) for one in policy["Properties"]["Roles"]]
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]


def allowed(stack: Synthesis, role: str) -> set[tuple[str, str]]:
    """(action, resource) pairs that a role may."""
    return {
        (action, plain(resource))
        for statement in statements(stack, role)
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
