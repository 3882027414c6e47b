"""One Lambda function of ours: its own code, role and log, nothing shared but the layers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Duration, IgnoreMode, RemovalPolicy, Size
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infrastructure.layers import architecture, runtime
from infrastructure.network import Network
from infrastructure.stage import Stage
from layers.code import build_code


@dataclass(frozen=True)
class Sizing:
    """What one function gets of the machine it runs on."""

    memory_mb: int
    timeout_s: int
    storage_mb: int = 512


def construct_name(folder: str) -> str:
    """`render_chunk` → `RenderChunkFunction`."""
    return "".join(word.capitalize() for word in folder.split("_")) + "Function"


class JobFunction(Construct):
    """The function in `functions/<folder>/`. Its role gets its grants in the stack."""

    def __init__(
        self,
        scope: Construct,
        *,
        folder: str,
        stage: Stage,
        sizing: Sizing,
        layers: Sequence[lambda_.ILayerVersion],
        log_group: logs.ILogGroup,
        environment: Mapping[str, str],
        network: Network | None,
        pinned: bool = False,
    ) -> None:
        """`pinned`: executions go on with the code and settings they were started with."""
        super().__init__(scope, construct_name(folder))
        self.folder = folder
        self.pinned = pinned
        self.timeout_s = sizing.timeout_s
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group.grant_write(self.role)
        if network:
            network.attach(self.role)
        self.function = lambda_.Function(
            self,
            "Default",
            runtime=runtime(stage),
            architecture=architecture(stage),
            handler=f"functions.{folder}.handler.handle",
            code=lambda_.Code.from_asset(
                str(build_code(stage.python)),
                exclude=_all_but(folder),
                ignore_mode=IgnoreMode.GIT,
            ),
            layers=list(layers),
            memory_size=sizing.memory_mb,
            timeout=Duration.seconds(sizing.timeout_s),
            ephemeral_storage_size=Size.mebibytes(sizing.storage_mb),
            role=self.role,
            log_group=log_group,
            tracing=lambda_.Tracing.ACTIVE,
            vpc=network.vpc if network else None,
            vpc_subnets=network.subnets if network else None,
            security_groups=[network.security_group] if network else None,
            environment={
                "POWERTOOLS_SERVICE_NAME": folder,
                "POWERTOOLS_LOG_LEVEL": "INFO",
                # It would read what every package says of itself, to look for some.
                "PYDANTIC_DISABLE_PLUGINS": "__all__",
                "STORAGE_MB": str(sizing.storage_mb),
                **environment,
            },
            # What a failed deploy published goes with it: the next one could not publish it again.
            current_version_options=lambda_.VersionOptions(
                removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
            ),
        )

    @property
    def called_arn(self) -> str:
        """What the state machine calls: the version of this deploy, or whatever is newest."""
        function = self.function
        return function.current_version.function_arn if self.pinned else function.function_arn

    @property
    def callable_arn(self) -> str:
        """What it may call: executions that run already call the versions of older deploys."""
        return f"{self.function.function_arn}:*" if self.pinned else self.function.function_arn


def _all_but(folder: str) -> list[str]:
    """Patterns that leave of all code one function and what functions share."""
    return [
        "/functions/*",
        "!/functions/__init__.py",
        "!/functions/__pycache__",
        "!/functions/shared",
        f"!/functions/{folder}",
    ]
