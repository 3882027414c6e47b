"""Functions in a VPC: where they are, what they reach, and that their code is no network admin."""

from typing import Any

import pytest

from infrastructure.network import CALLED, GATEWAYS
from layers.python.build import SERVICES
from tests.infrastructure.equipped import ROUTES, SUBNETS, VPC, listed, statements
from tests.infrastructure.synthesis import FOLDERS, Resource, Synthesis, plain

ATTACHING = {
    f"ec2:{action}"
    for action in (
        "AssignPrivateIpAddresses",
        "CreateNetworkInterface",
        "DeleteNetworkInterface",
        "DescribeNetworkInterfaces",
        "DescribeSubnets",
        "UnassignPrivateIpAddresses",
    )
}
ROLES = ["".join(map(str.capitalize, folder.split("_"))) + "FunctionRole" for folder in FOLDERS]


def endpoints(stack: Synthesis) -> dict[str, Resource]:
    """By the last word of the service's name."""
    found = [one["Properties"] for one in stack.of_type("AWS::EC2::VPCEndpoint").values()]
    return {plain(one["ServiceName"]).rpartition(".")[2]: one for one in found}


def test_by_default_there_is_no_network(stack: Synthesis) -> None:
    kinds = {found["Type"] for found in stack.template["Resources"].values()}
    assert not [kind for kind in kinds if kind.startswith("AWS::EC2")]
    assert not [one for one in stack.functions().values() if "VpcConfig" in one]


def test_every_function_is_in_the_stacks_own_vpc(own: Synthesis) -> None:
    for function in own.functions().values():
        config = function["VpcConfig"]
        assert {plain(one) for one in config["SubnetIds"]} == {
            "NetworkVpcFunctionsSubnet1Subnet",
            "NetworkVpcFunctionsSubnet2Subnet",
        }
        assert [plain(one) for one in config["SecurityGroupIds"]] == ["NetworkFunctions.GroupId"]
    assert own.named("NetworkVpc")["CidrBlock"] == "10.64.0.0/18"
    for subnet in own.of_type("AWS::EC2::Subnet").values():
        assert subnet["Properties"]["MapPublicIpOnLaunch"] is False


def test_one_way_out_for_all_and_none_in(own: Synthesis) -> None:
    assert len(own.of_type("AWS::EC2::NatGateway")) == 1
    group = own.named("NetworkFunctions")
    assert "SecurityGroupIngress" not in group
    (out,) = group["SecurityGroupEgress"]
    assert (out["IpProtocol"], out["FromPort"], out["ToPort"]) == ("tcp", 0, 65535)


def test_what_passes_is_logged_and_encrypted(own: Synthesis) -> None:
    flows = own.only("AWS::EC2::FlowLog")
    assert (flows["TrafficType"], flows["LogDestinationType"]) == ("ALL", "cloud-watch-logs")
    assert plain(flows["LogGroupName"]) == "NetworkLog"
    assert plain(own.named("NetworkLog")["KmsKeyId"]) == "Key"


def test_a_given_vpc_is_used_as_it_is(given: Synthesis) -> None:
    made = {found["Type"] for found in given.template["Resources"].values()}
    assert {kind for kind in made if kind.startswith("AWS::EC2")} == {
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EC2::VPCEndpoint",
    }
    for function in given.functions().values():
        assert tuple(function["VpcConfig"]["SubnetIds"]) == SUBNETS
    for group in given.of_type("AWS::EC2::SecurityGroup").values():
        assert group["Properties"]["VpcId"] == VPC
    (out,) = given.named("NetworkFunctions")["SecurityGroupEgress"]
    assert (out["FromPort"], out["ToPort"]) == (443, 443)


@pytest.mark.aws("network")
@pytest.mark.parametrize("which", ["own", "given"])
def test_there_is_an_endpoint_for_each_service_that_functions_call(
    request: pytest.FixtureRequest, which: str
) -> None:
    stack: Synthesis = request.getfixturevalue(which)
    assert {*CALLED, *GATEWAYS} == SERVICES | {"xray"}
    found = endpoints(stack)
    assert found.keys() == {
        *("dynamodb", "s3"),
        *("events", "lambda", "secretsmanager", "sqs", "states", "xray"),
    }
    for name, endpoint in found.items():
        assert endpoint["VpcEndpointType"] == ("Gateway" if name in GATEWAYS else "Interface")
        if name not in GATEWAYS:
            assert endpoint["PrivateDnsEnabled"] is True
            assert len(endpoint["SubnetIds"]) == 2
    (door,) = stack.of_type("AWS::EC2::SecurityGroupIngress").values()
    came = door["Properties"]
    assert plain(came["SourceSecurityGroupId"]) == "NetworkFunctions.GroupId"
    assert (came["FromPort"], came["ToPort"]) == (443, 443)
    routes = found["s3"]["RouteTableIds"]
    assert routes == [ROUTES] if which == "given" else len(routes) == 2


def test_endpoints_take_this_accounts_own_calls_and_s3_any_reading(own: Synthesis) -> None:
    ours = {"StringEquals": {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}}}
    for name, endpoint in endpoints(own).items():
        first, *others = endpoint["PolicyDocument"]["Statement"]
        assert first["Condition"] == ours
        reading = [set(one["Action"]) for one in others]
        assert reading == ([{"s3:GetObject", "s3:ListBucket"}] if name == "s3" else [])


@pytest.mark.parametrize("role", ROLES)
def test_lambda_attaches_the_function_and_its_code_may_not(own: Synthesis, role: str) -> None:
    by_effect: dict[str, list[Any]] = {"Allow": [], "Deny": []}
    for statement in statements(own, role):
        if ATTACHING & set(listed(statement["Action"])):
            by_effect[statement["Effect"]].append(statement)
    (allow,), (deny,) = by_effect["Allow"], by_effect["Deny"]
    assert set(allow["Action"]) >= ATTACHING
    assert set(deny["Action"]) == ATTACHING
    (condition,) = deny["Condition"].items()
    assert condition[0] == "ArnLike"
    assert plain(condition[1]["lambda:SourceFunctionArn"]).endswith(":function:*")


def test_functions_know_whether_there_is_a_way_out(own: Synthesis, given: Synthesis) -> None:
    for folder in "register_job", "claim_job", "plan_render", "reconcile_jobs", "handle_api":
        variables = given.functions()[folder]["Environment"]["Variables"]
        assert variables["WAY_OUT"] == "none"
        assert "WAY_OUT" not in own.functions()[folder]["Environment"]["Variables"]
