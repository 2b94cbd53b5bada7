"""A console that was never started, and what imports into it."""

from collections.abc import Iterator

import pytest

from services.console import Console, build_console
from services.imports.service import Imports
from services.settings.types import Env


@pytest.fixture
def console(env: Env) -> Iterator[Console]:
    made = build_console(env, one_shot=True)
    yield made
    made.close_now()


@pytest.fixture
def imports(console: Console) -> Imports:
    return console.importing.imports
