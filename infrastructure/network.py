"""The functions' place in a VPC: its own or a given one, with the endpoints of what they call."""

from collections.abc import Sequence

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infrastructure.encrypted_log import encrypted_log
from infrastructure.stage import Stage

CALLED = {
    "events": ec2.InterfaceVpcEndpointAwsService.EVENTBRIDGE,
    "lambda": ec2.InterfaceVpcEndpointAwsService.LAMBDA_,
    "secretsmanager": ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
    "sqs": ec2.InterfaceVpcEndpointAwsService.SQS,
    "stepfunctions": ec2.InterfaceVpcEndpointAwsService.STEP_FUNCTIONS,
    # Not called by our code, but where the traces of a function's own calls go.
    "xray": ec2.InterfaceVpcEndpointAwsService.XRAY,
}
"""By botocore's name. Not KMS: S3, DynamoDB and SQS ask it themselves. Not Logs: Lambda itself
takes what a function writes."""
GATEWAYS = {
    "dynamodb": ec2.GatewayVpcEndpointAwsService.DYNAMODB,
    "s3": ec2.GatewayVpcEndpointAwsService.S3,
}
_PRIVATE_MASK, _PUBLIC_MASK = 24, 28
"""Of each zone's subnets: three of each fit the smallest range a stage may have."""
_HTTPS = ec2.Port.tcp(443)
_ATTACHING = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)


class Network(Construct):
    """Where functions are placed; `attach` lets Lambda place one there."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        key: kms.IKey,
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        self._stage = stage
        self.vpc = self._given() if stage.network == "given" else self._own(key, removal)
        self.subnets = ec2.SubnetSelection(
            subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS
            if stage.way_out or stage.network == "given"
            else ec2.SubnetType.PRIVATE_ISOLATED
        )
        self.security_group = ec2.SecurityGroup(
            self,
            "Functions",
            vpc=self.vpc,
            description="Functions of Reelwright: out only",
            allow_all_outbound=False,
        )
        # Sources and webhooks may be at any port of a public address; AWS's services are at 443.
        out = ec2.Port.all_tcp() if stage.way_out else _HTTPS
        self.security_group.add_egress_rule(ec2.Peer.any_ipv4(), out, "Sources and services")
        if stage.network == "own" or stage.vpc_endpoints:
            self._add_endpoints()

    def attach(self, role: iam.Role) -> None:
        """Lambda makes the network interfaces in the role's name; the function's code may not."""
        stack = Stack.of(self)
        role.add_to_policy(iam.PolicyStatement(actions=list(_ATTACHING), resources=["*"]))
        any_function = stack.format_arn(service="lambda", resource="function:*")
        role.add_to_policy(
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                actions=list(_ATTACHING),
                resources=["*"],
                conditions={"ArnLike": {"lambda:SourceFunctionArn": any_function}},
            )
        )

    def _own(self, key: kms.IKey, removal: RemovalPolicy) -> ec2.IVpc:
        stage = self._stage
        private = ec2.SubnetConfiguration(
            name="Functions",
            subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS
            if stage.way_out
            else ec2.SubnetType.PRIVATE_ISOLATED,
            cidr_mask=_PRIVATE_MASK,
        )
        public = ec2.SubnetConfiguration(
            name="WayOut",
            subnet_type=ec2.SubnetType.PUBLIC,
            cidr_mask=_PUBLIC_MASK,
            map_public_ip_on_launch=False,
        )
        vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(stage.vpc_cidr),
            max_azs=stage.vpc_zones,
            nat_gateways=stage.nat_gateways if stage.way_out else 0,
            subnet_configuration=[private, public] if stage.way_out else [private],
        )
        log = encrypted_log(self, "Log", stage=stage, key=key, removal=removal)
        vpc.add_flow_log("Flows", destination=ec2.FlowLogDestination.to_cloud_watch_logs(log))
        return vpc

    def _given(self) -> ec2.IVpc:
        """Nothing is looked up: the template says only what the stage says."""
        stage = self._stage
        return ec2.Vpc.from_vpc_attributes(
            self,
            "Vpc",
            vpc_id=stage.vpc_id,
            # Nothing asks which zones they are, only that there is one for each subnet.
            availability_zones=[f"zone{number}" for number in range(len(stage.vpc_subnets))],
            private_subnet_ids=list(stage.vpc_subnets),
        )

    def _add_endpoints(self) -> None:
        group = ec2.SecurityGroup(
            self,
            "Endpoints",
            vpc=self.vpc,
            description="Endpoints of what the functions of Reelwright call",
            allow_all_outbound=False,
        )
        group.add_ingress_rule(self.security_group, _HTTPS, "From the functions")
        ours = {"StringEquals": {"aws:PrincipalAccount": Stack.of(self).account}}
        for name, service in CALLED.items():
            endpoint = ec2.InterfaceVpcEndpoint(
                self,
                f"{name.capitalize()}Endpoint",
                vpc=self.vpc,
                service=service,
                subnets=self.subnets,
                private_dns_enabled=True,
                security_groups=[group],
                open=False,
            )
            endpoint.add_to_policy(_anything(ours))
        for name, gateway in GATEWAYS.items():
            statements = [_anything(ours)]
            if name == "s3":
                # A source may be at an address that another account has signed, or public.
                statements.append(_reading())
            self._add_gateway(f"{name.capitalize()}Endpoint", gateway, statements)

    def _add_gateway(
        self,
        construct_id: str,
        service: ec2.GatewayVpcEndpointAwsService,
        statements: Sequence[iam.PolicyStatement],
    ) -> None:
        ec2.CfnVPCEndpoint(
            self,
            construct_id,
            service_name=service.name,
            vpc_id=self.vpc.vpc_id,
            vpc_endpoint_type="Gateway",
            route_table_ids=self._route_tables(),
            policy_document=iam.PolicyDocument(statements=list(statements)),
        )

    def _route_tables(self) -> list[str]:
        if self._stage.network == "given":
            return list(self._stage.vpc_route_tables)
        selected = self.vpc.select_subnets(subnet_type=self.subnets.subnet_type)
        return [subnet.route_table.route_table_id for subnet in selected.subnets]


def _anything(conditions: dict[str, dict[str, str]]) -> iam.PolicyStatement:
    """What roles allow is still all that is allowed; this keeps other accounts' keys out."""
    return iam.PolicyStatement(
        principals=[iam.AnyPrincipal()], actions=["*"], resources=["*"], conditions=conditions
    )


def _reading() -> iam.PolicyStatement:
    return iam.PolicyStatement(
        principals=[iam.AnyPrincipal()], actions=["s3:GetObject", "s3:ListBucket"], resources=["*"]
    )
