"""Findings of cdk-nag and cfn-lint that stand: each on one resource, with its reason."""

from collections.abc import Iterable

from aws_cdk import Acknowledgment, CfnResource, Stack, Validations
from aws_cdk import aws_iam as iam
from constructs import IConstruct

from infrastructure.job_function import JobFunction

_NO_RESOURCE = (
    "X-Ray's and log delivery's actions know no resource to name; CDK adds them for tracing and "
    "for the state machine's log."
)
_ONE_PREFIX = "Jobs are many and come and go: one prefix, or one name below any job, is the least."


def accept_runtime(function: JobFunction) -> None:
    _accept(
        function.function,
        "L1",
        "The runtime is the one the dependency layer is locked, built and tested for.",
    )


def accept_dead_letter_queue(queue: IConstruct) -> None:
    _accept(queue, "SQS3", "It is itself the last stop, of a rule and of a function.")


def accept_users(pool: IConstruct) -> None:
    _accept(pool, "COG1", "By NIST SP 800-63B: 15 characters of any kind, and no rules beyond.")
    _accept(pool, "COG2", "Each user may; who administers the pool may ask it of all.")
    _accept(pool, "COG8", "A plan that costs thrice as much; none of what it adds is used here.")


def accept_open_routes(routes: Iterable[IConstruct]) -> None:
    for route in routes:
        _accept(route, "APIG4", "It only says how to call the other routes, to whoever asks.")


def accept_secret(secret: IConstruct) -> None:
    _accept(
        secret,
        "SMG4",
        "Receivers hold it too: it is changed together with them, by hand (docs/events.md).",
    )


def accept_pass(secret: IConstruct) -> None:
    _accept(
        secret,
        "SMG4",
        "Two resources must change together: it is changed by a deploy (docs/network.md).",
    )


def accept_edge(distribution: IConstruct, log: IConstruct) -> None:
    _accept(log, "S1", "It is itself a log, of a distribution.")
    _accept(distribution, "CFR1", "Who may is told by a token or a signature, not by a country.")
    _accept(
        distribution,
        "CFR4",
        "With CloudFront's own name TLS is its to choose; a domain of one's own has TLS 1.2.",
    )


def accept_delivery(distribution: IConstruct) -> None:
    _accept(
        distribution,
        "CFR2",
        "Signed addresses of files that are only read: nothing behind it takes any input.",
    )


def accept_queue_key(role: iam.Role) -> None:
    """Of a function whose failed events go to an encrypted queue."""
    for action in "GenerateDataKey", "ReEncrypt":
        _accept(
            role.node.find_child("DefaultPolicy"),
            f"IAM5[Action::kms:{action}*]",
            "CDK's own grant for sending to an encrypted queue, on this stack's key alone.",
        )


def accept_prefixes(role: iam.Role, bucket: IConstruct, patterns: Iterable[str]) -> None:
    """The role may use all objects of these patterns, such as `parts/*`."""
    media = Stack.of(bucket).get_logical_id(_resource(bucket))
    policy = role.node.find_child("DefaultPolicy")
    _accept(policy, "IAM5[Resource::*]", _NO_RESOURCE)
    for pattern in sorted(set(patterns)):
        _accept(policy, f"IAM5[Resource::<{media}.Arn>/{pattern}]", _ONE_PREFIX)


def accept_source_buckets(role: iam.Role, names: Iterable[str]) -> None:
    policy = role.node.find_child("DefaultPolicy")
    for name in names:
        _accept(
            policy,
            f"IAM5[Resource::arn:<AWS::Partition>:s3:::{name}/*]",
            "The stage's source_buckets say that sources may be anywhere in this bucket.",
        )


def accept_executions(policy: iam.Policy, machine: IConstruct) -> None:
    """The policy is for executions of the machine, whose names aren't known before."""
    name = Stack.of(machine).get_logical_id(_resource(machine))
    account = "arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>"
    for separator in ":", "/":
        _accept(
            policy,
            f"IAM5[Resource::{account}:execution:<{name}.Name>{separator}*]",
            "Executions are named when they start; these are this one machine's only.",
        )


def accept_versions(role: iam.Role, functions: Iterable[JobFunction]) -> None:
    """The role may call every version of the pinned ones."""
    for each in functions:
        if each.pinned:
            name = Stack.of(role).get_logical_id(_resource(each.function))
            _accept(
                role.node.find_child("DefaultPolicy"),
                f"IAM5[Resource::<{name}.Arn>:*]",
                "Executions that run during a deploy go on calling the versions they began with.",
            )


def accept_definition(machine: IConstruct) -> None:
    """Where AWS takes JSONata, cfn-lint's schema knows MaxConcurrency only as a number (E3601).

    Saying so of a state in a branch, it fails (E1101). asl-validator checks the definition.
    """
    lint = {"config": {"ignore_checks": ["E1101", "E3601"]}}
    _resource(machine).add_metadata("cfn-lint", lint)


def _resource(construct: IConstruct) -> CfnResource:
    resource = construct.node.default_child
    if not isinstance(resource, CfnResource):
        raise TypeError(f"{construct.node.path} has no one resource behind it")
    return resource


def _accept(construct: IConstruct, rule: str, reason: str) -> None:
    Validations.of(construct).acknowledge(
        Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason)
    )
