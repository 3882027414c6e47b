"""What a stage may have beyond the default: a network, delivery, a firewall, another key, an end.

All of it is off unless set. docs/network.md and docs/delivery.md tell what each brings and costs.
"""

import ipaddress
from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from infrastructure.context_values import pairs, words
from infrastructure.public_keys import public_keys

Presence = Literal["none", "own", "given"]
"""`own`: the stack makes one; `given`: it is there, and another setting names it."""
_SET_BY_THE_STACK = {"application", "stage"}
_DAY_S = 86_400
_WIDEST, _NARROWEST = 16, 22

Arn = r"^$|^arn:aws[a-z-]*:"
_KEY_ID = r"(mrk-[0-9a-f]{32}|[0-9a-f-]{36})"
KeyArn = Annotated[str, Field(pattern=Arn + r"kms:[a-z0-9-]+:[0-9]{12}:key/" + _KEY_ID + "$")]
WebAclArn = Annotated[
    str,
    Field(
        pattern=Arn + r"wafv2:us-east-1:[0-9]{12}:global/webacl/[A-Za-z0-9_-]{1,128}/[a-f0-9-]+$"
    ),
]
CertificateArn = Annotated[
    str, Field(pattern=Arn + r"acm:us-east-1:[0-9]{12}:certificate/[a-f0-9-]+$")
]
DomainName = Annotated[
    str, Field(pattern=r"^$|^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$", max_length=253)
]
VpcId = Annotated[str, Field(pattern=r"^$|^vpc-[0-9a-f]{8,17}$")]
SubnetId = Annotated[str, Field(pattern=r"^subnet-[0-9a-f]{8,17}$")]
RouteTableId = Annotated[str, Field(pattern=r"^rtb-[0-9a-f]{8,17}$")]
TagName = Annotated[str, Field(pattern=r"^[A-Za-z0-9 +.:/=@_-]{1,128}$")]
TagText = Annotated[str, Field(pattern=r"^[A-Za-z0-9 +.:/=@_-]{0,256}$")]
Days = Annotated[int, Field(ge=0, le=3650)]


def _private_range(text: str) -> str:
    try:
        found = ipaddress.IPv4Network(text)
    except ValueError:
        found = None
    if found is None or not found.is_private or not _WIDEST <= found.prefixlen <= _NARROWEST:
        raise ValueError(
            f"vpc_cidr: {text!r} is no private range from /16 to /22; 10.64.0.0/18 is one"
        )
    return text


class Options(BaseModel):
    """The part of a stage that an account needs or not."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    network: Presence = "none"
    """Whose VPC the functions are in: none, one that the stack makes, or `vpc_id`."""
    vpc_cidr: Annotated[str, AfterValidator(_private_range)] = "10.64.0.0/18"
    """Addresses of the stack's own VPC; functions need few of them, however many run."""
    vpc_zones: Annotated[int, Field(ge=2, le=3)] = 2
    """Availability zones of the stack's own VPC. Each endpoint is paid for in each of them."""
    nat_gateways: Annotated[int, Field(ge=1, le=3)] = 1
    """Of the stack's own VPC with a way out; at most one a zone, each about 33 USD a month."""
    vpc_id: VpcId = ""
    """With `network=given`: the VPC."""
    vpc_subnets: Annotated[tuple[SubnetId, ...], BeforeValidator(words)] = ()
    """With `network=given`: the private subnets that functions are in, of two zones at least."""
    vpc_route_tables: Annotated[tuple[RouteTableId, ...], BeforeValidator(words)] = ()
    """With `network=given`: the subnets' route tables, which the gateway endpoints go into."""
    vpc_endpoints: bool = True
    """With `network=given`: whether the stack makes the endpoints; false where the VPC has them."""
    way_out: bool = True
    """Whether functions in a VPC reach the internet. If not, https sources, streams and webhooks
    are refused by name."""

    key_arn: KeyArn = ""
    """The KMS key to encrypt with, instead of one that the stack makes. Its policy must allow what
    docs/network.md lists."""
    tags: Annotated[dict[TagName, TagText], BeforeValidator(pairs), Field(max_length=40)] = {}
    """Put on every resource, for cost allocation: `team=video,project=archive`."""

    delivery_public_keys: Annotated[tuple[str, ...], BeforeValidator(public_keys)] = ()
    """PEM of the keys (1 to 5) whose private halves sign addresses. With any, a CloudFront
    distribution serves jobs' files; without, there is none."""
    delivery_domain: DomainName = ""
    """A name of one's own for the distribution, which signed cookies need."""
    delivery_certificate_arn: CertificateArn = ""
    """The certificate of `delivery_domain`, in us-east-1."""

    firewall: Presence = "none"
    """Whose web ACL is before the API: none, one that the stack makes (in us-east-1 only), or
    `web_acl_arn`."""
    web_acl_arn: WebAclArn = ""
    """With `firewall=given`: a web ACL of CloudFront's scope."""
    firewall_calls: Annotated[int, Field(ge=10, le=2_000_000_000)] = 2000
    """Of the stack's own web ACL: calls that one address may make in five minutes."""

    outputs_expire_days: Days = 0
    """Days after which all that a job made is removed from S3; 0: never."""
    uploads_expire_days: Days = 0
    """Days after which an uploaded source is removed from S3; 0: never."""

    @model_validator(mode="after")
    def _what_belongs_together(self) -> Self:
        for fault in (*self._network_faults(), *self._other_faults()):
            raise ValueError(fault)
        return self

    def _network_faults(self) -> Iterator[str]:
        is_given = self.network == "given"
        if is_given and not (self.vpc_id and len(self.vpc_subnets) > 1):
            yield "network: `given` needs vpc_id and two of its subnets in vpc_subnets"
        if not is_given and (self.vpc_id or self.vpc_subnets):
            yield "vpc_id: it is used only with network=given; set that, too"
        if is_given and self.vpc_endpoints and not self.vpc_route_tables:
            yield (
                "vpc_route_tables: name the subnets' route tables, which the gateway endpoints go "
                "into, or set vpc_endpoints=false where the VPC has endpoints"
            )
        if self.network == "none" and not self.way_out:
            yield "way_out: functions outside a VPC always have one; set network, too"
        if self.nat_gateways > self.vpc_zones:
            yield f"nat_gateways: {self.nat_gateways} in {self.vpc_zones} zones; at most one a zone"

    def _other_faults(self) -> Iterator[str]:
        if bool(self.delivery_domain) != bool(self.delivery_certificate_arn):
            yield "delivery_domain: it and delivery_certificate_arn need each other; set both"
        if self.delivery_domain and not self.delivery_public_keys:
            yield "delivery_domain: there is no distribution without delivery_public_keys"
        if (self.firewall == "given") != bool(self.web_acl_arn):
            yield "web_acl_arn: firewall=given needs it, and nothing else uses it"
        for name in self.tags:
            if name in _SET_BY_THE_STACK or name.lower().startswith("aws:"):
                yield f"tags: {name!r} is not yours to set; choose another name"

    def kept_too_short(self, *, waiting_s: int, running_s: int) -> str | None:
        """A sentence, where a job might still need what its stage's settings remove.

        `waiting_s`, `running_s`: the longest a job waits for its turn, and has then.
        """
        for name, days, need_s in (
            ("uploads_expire_days", self.uploads_expire_days, waiting_s + running_s),
            ("outputs_expire_days", self.outputs_expire_days, running_s),
        ):
            # S3 counts whole days from midnight: one more is sure.
            least = -(-need_s // _DAY_S) + 1
            if 0 < days < least:
                return f"{name}: {days} is less than a job may need; allowed: 0, {least} to 3650"
        return None
