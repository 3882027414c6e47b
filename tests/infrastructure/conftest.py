"""The stack, synthesized once a session for each architecture it can be deployed to."""

import functools
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# Said once, before jsii starts its Node process: Node 20 does all that is asked of it.
os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")

import pytest
from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from app import CDK_JSON, build
from tests.infrastructure import equipped
from tests.infrastructure.synthesis import Synthesis

Synthesize = Callable[..., Synthesis]


@pytest.fixture(scope="session")
def synthesize(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synthesize]:
    """Synthesize with this context.

    `staged=True` copies the assets too, as a deployment does; `checked=True` runs cdk-nag, which
    raises on a finding.
    """
    root = tmp_path_factory.mktemp("cdk")

    @functools.cache
    def make(*, staged: bool = False, checked: bool = False, **context: Any) -> Synthesis:
        folder = Path(tempfile.mkdtemp(dir=root)) / "out"
        given = {**json.loads(CDK_JSON.read_text())["context"], **context}
        if not staged:
            given["aws:cdk:disable-asset-staging"] = True
        app = App(outdir=str(folder), context=given)
        build(app)
        if checked:
            Validations.of(app).add_plugins(AwsSolutionsChecks(app))
        app.synth()
        return Synthesis(folder)

    yield make
    shutil.rmtree(root)


@pytest.fixture(scope="session", params=["arm64", "x86_64"])
def either(request: pytest.FixtureRequest, synthesize: Synthesize) -> Synthesis:
    """The default stage on both architectures."""
    return synthesize(staged=True, architecture=request.param)


@pytest.fixture(scope="session")
def stack(synthesize: Synthesize) -> Synthesis:
    """The default stage."""
    return synthesize(staged=True, architecture="arm64")


@pytest.fixture(scope="session")
def own(synthesize: Synthesize) -> Synthesis:
    """A stage with all that a stack can make itself, looked at by cdk-nag."""
    return synthesize(checked=True, **equipped.own())


@pytest.fixture(scope="session")
def given(synthesize: Synthesize) -> Synthesis:
    """A stage with all that a stack can be given, looked at by cdk-nag."""
    return synthesize(checked=True, **equipped.given())
