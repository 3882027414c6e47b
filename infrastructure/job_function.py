"""One Lambda function of ours: its own code, role and log, nothing shared but the layers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import Duration, IgnoreMode, Size
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infrastructure.layers import architecture, runtime
from infrastructure.stage import Stage

ROOT = Path(__file__).resolve().parents[1]


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
    ) -> None:
        super().__init__(scope, construct_name(folder))
        self.folder = folder
        self.timeout_s = sizing.timeout_s
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group.grant_write(self.role)
        self.function = lambda_.Function(
            self,
            "Default",
            runtime=runtime(stage),
            architecture=architecture(stage),
            handler=f"functions.{folder}.handler.handle",
            code=lambda_.Code.from_asset(
                str(ROOT), exclude=_all_but(folder), ignore_mode=IgnoreMode.GIT
            ),
            layers=list(layers),
            memory_size=sizing.memory_mb,
            timeout=Duration.seconds(sizing.timeout_s),
            ephemeral_storage_size=Size.mebibytes(sizing.storage_mb),
            role=self.role,
            log_group=log_group,
            tracing=lambda_.Tracing.ACTIVE,
            environment={
                "POWERTOOLS_SERVICE_NAME": folder,
                "POWERTOOLS_LOG_LEVEL": "INFO",
                **environment,
            },
        )


def _all_but(folder: str) -> list[str]:
    """Patterns that leave of the whole tree one function and what functions share."""
    return [
        "/*",
        "!/functions",
        "/functions/*",
        "!/functions/__init__.py",
        "!/functions/shared",
        f"!/functions/{folder}",
        "__pycache__",
        "*.pyc",
    ]
