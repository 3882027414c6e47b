"""The state of the engine's services as pickles, and back. Must run where requests are served."""

import functools
import io
import logging
import pickle
import time
from collections.abc import Iterator
from typing import Any

from local.shims import engine_module, replace, symbol
from local.shims.kept_state.blobs import LARGE_BYTES, Blob, Blobs
from local.shims.kept_state.file import UnreadableStateError
from local.step_functions import tokens

_AS_THEY_ARE = {
    "cloudformation",
    "cloudwatch_logs",
    "dynamodb",
    "iam",
    "lambda_svc",
    "s3",
    "sqs",
    "stepfunctions",
}
"""Services of many records. Their own `get_state` copies each, and leaves some stores out."""
_NOT_KEPT = {
    ("lambda_svc", "_esm_backoff_until"),  # by the clock of the process
    ("s3", "_completed_multipart_uploads"),
    ("s3", "_multipart_uploads"),  # whoever uploads has ended with the engine
}
_ALSO_KEPT = (
    ("eventbridge", "_rule_last_fired"),
    ("scheduler", "_schedule_last_fired"),
    ("sts", "_sessions"),
)
"""Plain stores that `get_state` leaves out."""
_INTERRUPTED = {
    "CREATE_IN_PROGRESS": "ROLLBACK_COMPLETE",
    "DELETE_IN_PROGRESS": "DELETE_FAILED",
    "ROLLBACK_IN_PROGRESS": "ROLLBACK_COMPLETE",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_COMPLETE",
    "UPDATE_IN_PROGRESS": "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_IN_PROGRESS": "UPDATE_ROLLBACK_COMPLETE",
}
"""How a stack is shown whose change the engine's end broke off, so that a deploy can go on."""
_DATA = {
    "builtins": {"bytearray", "dict", "frozenset", "int", "list", "set", "str"},
    "collections": {"OrderedDict", "defaultdict", "deque"},
    "datetime": {"date", "datetime", "timedelta", "timezone"},
    "decimal": {"Decimal"},
    "ministack.core.responses": {"AccountRegionScopedDict", "AccountScopedDict"},
    Blob.__module__: {Blob.__name__},
}
"""What a kept state may be made of: plain data, no code."""


_UNPICKLABLE = (pickle.PicklingError, AttributeError, TypeError)
_log = logging.getLogger(__name__)


class NotSavedError(RuntimeError):
    """The state could not be taken; what was saved before stays."""


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if name not in _DATA.get(module, ()):
            raise UnreadableStateError(f"it holds {module}.{name}, which is no plain data")
        return super().find_class(module, name)


def install(blobs: Blobs) -> None:
    """Have S3 read files from `blobs`."""

    def resolved(body: Any) -> Any:
        return blobs.get(body) if isinstance(body, Blob) else body

    for reader in ("_read_body", "_version_body"):
        replace(
            engine_module("services.s3"),
            reader,
            lambda original: lambda *arguments: resolved(original(*arguments)),
        )


def move_large(blobs: Blobs) -> None:
    """Move what is large into `blobs`. Takes its time; may run beside requests."""
    for record, part in _bodies():
        body = record.get(part)
        if type(body) is bytes and len(body) >= LARGE_BYTES:
            blob = blobs.put(body)
            if record.get(part) is body:
                record[part] = blob
    for store in _stores("lambda_svc").values():
        _outside(store, blobs)


def collect(blobs: Blobs) -> tuple[dict[str, bytes], set[Blob]]:
    """The state of this moment, in parts, and the files it refers to. NotSavedError."""
    application = engine_module("app")
    keys = symbol(application, "_state_map")
    get_state = symbol(application, "_build_persistence_save_dict")()
    in_use = {keys[key] for key in get_state}
    functions = _outside(_stores("lambda_svc"), blobs)
    small = {
        "states": _readable(
            {key: get_state[key]() for key in get_state if keys[key] not in _AS_THEY_ARE}
        ),
        "also": {
            (name, store): symbol(engine_module(f"services.{name}"), store)
            for name, store in _ALSO_KEPT
            if name in in_use
        },
        "tokens": tokens.known(),
    }
    stores = {name: _stores(name) for name in in_use & _AS_THEY_ARE - {"lambda_svc", "s3"}}
    # C code pickles plain data in one go: no thread changes a store meanwhile.
    try:
        parts = {
            "services": pickle.dumps({**small, "stores": {**stores, "lambda_svc": functions}}, 5),
            "s3": pickle.dumps(_stores("s3"), 5),
        }
    except _UNPICKLABLE as error:
        raise NotSavedError(f"{error}") from error
    used = set(_blobs_in(functions))
    used |= {record[part] for record, part in _bodies() if isinstance(record.get(part), Blob)}
    return parts, used


def restore(parts: dict[str, bytes], blobs: Blobs) -> set[Blob]:
    """Fill the engine's empty services; returns the files that are referred to."""
    kept, files = _read(parts["services"]), _read(parts["s3"])
    functions = kept["stores"]["lambda_svc"]
    used = {*_blobs_in(functions), *_blobs_in(files)}
    if missing := blobs.missing(used):
        raise UnreadableStateError(f"the file {missing[0]} is missing")
    for name, stores in kept["stores"].items():
        _fill(name, stores)
    _fill("lambda_svc", _inside(functions, blobs, {}))
    _fill("s3", files)
    modules = symbol(engine_module("app"), "_state_map")
    for key, state in kept["states"].items():
        _module(modules[key]).load_persisted_state(_read(state))
    for (name, store), content in kept["also"].items():
        symbol(_module(name), store).update(content)
    tokens.bury(kept["tokens"])
    _mend()
    return used


def read_on() -> None:
    """Start what reads queues and streams for functions, if any are read. Requests are served."""
    functions = engine_module("services.lambda_svc")
    if symbol(functions, "_esms").has_any():
        symbol(functions, "_ensure_poller")()


def _mend() -> None:
    """End what was under way and can't go on by itself."""
    now = time.time()
    for queue in symbol(_module("sqs"), "_queues").all_values():
        for message in queue["messages"]:
            if message.get("receipt_handle"):
                # Whoever had it in hand has ended with the engine.
                message["visible_at"] = min(message["visible_at"], now)
    for stack in symbol(_module("cloudformation"), "_stacks").all_values():
        stack["StackStatus"] = _INTERRUPTED.get(stack["StackStatus"], stack["StackStatus"])
    functions = _module("lambda_svc")
    for function in symbol(functions, "_functions").all_values():
        if function["config"].get("LastUpdateStatus") == "InProgress":
            symbol(functions, "_schedule_state_transition")(function["config"]["FunctionName"], 0.0)


def _readable(states: dict[str, Any]) -> dict[str, bytes]:
    """Pickles of those that can be read again: one odd service must not cost all others."""
    pickles = {}
    for key, state in states.items():
        try:
            content = pickle.dumps(state, 5)
        except _UNPICKLABLE as error:
            _warn_once(key, str(error))
            continue
        if why := _why_unreadable(content):
            _warn_once(key, why)
        else:
            pickles[key] = content
    return pickles


@functools.lru_cache
def _why_unreadable(content: bytes) -> str | None:
    try:
        _read(content)
    except UnreadableStateError as error:
        return str(error)
    return None


@functools.cache
def _warn_once(key: str, why: str) -> None:
    _log.warning("the service %s is not kept: %s", key, why)


def _read(content: bytes) -> Any:
    try:
        return _Unpickler(io.BytesIO(content)).load()
    except (pickle.UnpicklingError, AttributeError, EOFError, LookupError, ValueError) as error:
        raise UnreadableStateError(f"it is damaged: {error}") from error


def _module(name: str) -> Any:
    """A service, known to the engine as one that is in use."""
    return symbol(engine_module("app"), "_get_module")(name)


def _stores(name: str) -> dict[str, dict[Any, Any]]:
    """What a service holds, of all accounts and regions."""
    responses = engine_module("core.responses")
    scoped = (symbol(responses, "AccountScopedDict"), symbol(responses, "AccountRegionScopedDict"))
    return {
        store: content._data  # noqa: SLF001 - the engine has no other name for all accounts
        for store, content in vars(engine_module(f"services.{name}")).items()
        if isinstance(content, scoped) and (name, store) not in _NOT_KEPT
    }


def _fill(name: str, stores: dict[str, dict[Any, Any]]) -> None:
    _module(name)
    own = _stores(name)
    for store, content in stores.items():
        symbol(own, store).update(content)


def _bodies() -> Iterator[tuple[dict[str, Any], str]]:
    """Where S3 holds bytes: (record, key in it) of each object and each version."""
    stores = _stores("s3")
    for bucket in list(stores["_buckets"].values()):
        for record in list(bucket["objects"].values()):
            yield record, "body"
    for versions in list(stores["_object_versions"].values()):
        for record in list(versions):
            yield record, "data"


def _outside(value: Any, blobs: Blobs) -> Any:
    """A copy with large bytes replaced by the blobs that hold them."""
    if type(value) is bytes and len(value) >= LARGE_BYTES:
        return blobs.name(value)
    if isinstance(value, dict):
        return {key: _outside(item, blobs) for key, item in value.items()}
    if isinstance(value, list):
        return [_outside(item, blobs) for item in value]
    return value


def _inside(value: Any, blobs: Blobs, known: dict[Blob, bytes]) -> Any:
    """The way back. Whoever shared bytes shares them again."""
    if isinstance(value, Blob):
        return known.get(value) or known.setdefault(value, blobs.load(value))
    if isinstance(value, dict):
        return {key: _inside(item, blobs, known) for key, item in value.items()}
    if isinstance(value, list):
        return [_inside(item, blobs, known) for item in value]
    return value


def _blobs_in(value: Any) -> Iterator[Blob]:
    if isinstance(value, Blob):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _blobs_in(item)
