"""A deployed function with another handler around its own: for tests and measurements.

The product has no switch for this. A layer is added that holds one module, and the function's
configuration names that module's `handle`; afterwards all is as it was.
"""

import contextlib
import io
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient

_MODULE = "stand_in"


@contextlib.contextmanager
def stand_in(functions: "LambdaClient", name: str, source: str) -> Iterator[None]:
    """While it lasts, the function `name` is `handle` of the Python text `source`."""
    before = functions.get_function_configuration(FunctionName=name)
    layers = [layer["Arn"] for layer in before["Layers"]]
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(f"python/{_MODULE}.py", source)
    layer = functions.publish_layer_version(
        LayerName=f"{_MODULE}-{name}"[:140], Content={"ZipFile": content.getvalue()}
    )
    _configure(functions, name, f"{_MODULE}.handle", [*layers, layer["LayerVersionArn"]])
    try:
        yield
    finally:
        _configure(functions, name, before["Handler"], layers)
        functions.delete_layer_version(LayerName=layer["LayerArn"], VersionNumber=layer["Version"])


def _configure(functions: "LambdaClient", name: str, handler: str, layers: list[str]) -> None:
    functions.update_function_configuration(FunctionName=name, Handler=handler, Layers=layers)
    functions.get_waiter("function_updated").wait(
        FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
