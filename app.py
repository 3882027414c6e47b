"""The CDK app: one stage, one stack. Offline; the same context gives the same template."""

import json
import sys
from pathlib import Path

from aws_cdk import App

from infrastructure.layers import LayersMissingError
from infrastructure.stack import ReelwrightStack
from infrastructure.stage import Stage, StageError

CDK_JSON = Path(__file__).resolve().parent / "cdk.json"


def build(app: App) -> ReelwrightStack:
    return ReelwrightStack(app, stage=Stage.from_context(app.node.get_all_context()))


def main() -> None:
    # The cdk command passes cdk.json's context; started without it, the same must hold.
    app = App(context=json.loads(CDK_JSON.read_text())["context"])
    try:
        build(app)
    except (StageError, LayersMissingError) as error:
        sys.exit(str(error))
    app.synth()


if __name__ == "__main__":
    main()
