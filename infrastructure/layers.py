"""The layers, as `make layers` and `make layers-aws` built them."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infrastructure.stage import Stage
from layers.building import BUILD, folder_name


class LayersMissingError(RuntimeError):
    """A layer was not built; the message says how to."""


class Layers(Construct):
    """`dependencies` for every function, `ffmpeg` for renderers, `probe` for the planner."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self._stage = stage
        arch, python = stage.architecture, stage.python
        self.dependencies = self._layer("Dependencies", folder_name("python", arch, python))
        self.probe = self._layer("Probe", folder_name("probe", arch, python))
        self.ffmpeg = self._layer("Ffmpeg", folder_name("ffmpeg", arch))

    def _layer(self, construct_id: str, folder: str) -> lambda_.LayerVersion:
        path = BUILD / folder
        if not path.is_dir():
            raise LayersMissingError(
                f"build/layers/{folder} is missing: run `make layers` (this machine's) or "
                "`make layers-aws` (Lambda's)."
            )
        return lambda_.LayerVersion(
            self,
            construct_id,
            code=lambda_.Code.from_asset(str(path)),
            compatible_architectures=[architecture(self._stage)],
            compatible_runtimes=[runtime(self._stage)],
            description=folder,
            removal_policy=RemovalPolicy.DESTROY,
        )


def architecture(stage: Stage) -> lambda_.Architecture:
    return {"arm64": lambda_.Architecture.ARM_64, "x86_64": lambda_.Architecture.X86_64}[
        stage.architecture
    ]


def runtime(stage: Stage) -> lambda_.Runtime:
    return lambda_.Runtime(
        f"python{stage.python}", lambda_.RuntimeFamily.PYTHON, supports_inline_code=True
    )
