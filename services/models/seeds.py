"""Start data of endpoints: what is written once, and stays deleted when an operator deletes it."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from sqlmodel import Session

from db.queries import config as config_queries
from db.queries import models as queries
from db.tables.models import EndpointRow
from services.models.types import DEMO_PROTOCOL, EndpointEdit
from services.settings.types import FirstEndpoint
from services.suppliers.demo import DEMO_MODELS

DEMO_MODEL = DEMO_MODELS[0]
ENVIRONMENT_NAME = "env-default-openai"


def wanted(first: FirstEndpoint) -> Iterator[tuple[str, EndpointEdit]]:
    """Yield each start endpoint under the name of its mark in llm_app_settings."""
    yield (
        "seeded_demo_endpoint",
        EndpointEdit(
            name="Demo",
            provider_protocol=DEMO_PROTOCOL,
            model=DEMO_MODEL,
            model_list=DEMO_MODELS,
            description="Built-in supplier: a deterministic reply, no network.",
        ),
    )
    if first.base_url or first.api_key:
        yield (
            "seeded_env_endpoint",
            EndpointEdit(
                name=ENVIRONMENT_NAME,
                provider_protocol=first.provider or "openai",
                base_url=first.base_url or "https://api.openai.com",
                model=first.model,
                model_list=(first.model,) if first.model else (),
                api_key=first.api_key,
                is_default=True,
                allows_local=True,  # who sets the environment means it
                description="From AI_PROVIDER, AI_MODEL, AI_API_BASE_URL and AI_API_KEY.",
            ),
        )


def writing(name: str, values: dict[str, Any], now: datetime) -> Callable[[Session], EndpointRow]:
    """Return the change that writes the endpoint together with its mark."""

    def write(session: Session) -> EndpointRow:
        row = queries.save_endpoint(session, None, values, now)
        config_queries.write_app_settings(session, {name: True}, now)
        return row

    return write
