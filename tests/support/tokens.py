"""Keys, tokens good and bad, a JWKS server and the smallest app around the sign-in routes."""

import asyncio
import base64
import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fastapi import FastAPI
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from db.engine import Database
from gymbro_ui.api.accounts import router
from services.accounts.service import Accounts
from services.accounts.types import TokenRefusedError
from services.accounts.verifier import Verifier
from services.secrets.service import Secrets
from services.settings.types import Env, JwtRules
from tests.support.clock import FakeClock
from tests.support.quick_server import QuickServer

PROJECT = "https://project.example"  # never contacted: only its key set is, on loopback
PROJECT_ISSUER = f"{PROJECT}/auth/v1"
SUBJECT = "5d2c8f3e-0000-4000-8000-000000000001"


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class ProjectKey:
    """A signing key of a project, with its public JWK made by PyJWT, not by us."""

    kid: str = "project-1"
    alg: str = "ES256"
    private: Any = None

    def __post_init__(self) -> None:
        if self.private is None:
            self.private = (
                ec.generate_private_key(ec.SECP256R1())
                if self.alg == "ES256"
                else rsa.generate_private_key(public_exponent=65537, key_size=2048)
            )

    @property
    def jwk(self) -> dict[str, Any]:
        algorithm = ECAlgorithm if self.alg == "ES256" else RSAAlgorithm
        made = algorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {**made, "kid": self.kid, "alg": self.alg, "use": "sig"}

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        headers = {"kid": self.kid, **header}
        return jwt.encode(
            claims, self.private, self.alg, headers={k: v for k, v in headers.items() if v != ""}
        )

    def sign_raw(self, header: dict[str, Any], payload: bytes) -> str:
        """Sign anything, also what a library would refuse to write."""
        signed = f"{b64(json.dumps(header).encode())}.{b64(payload)}"
        algorithm = jwt.get_algorithm_by_name(self.alg)
        return f"{signed}.{b64(algorithm.sign(signed.encode(), self.private))}"


def user_claims(now: datetime, **change: Any) -> dict[str, Any]:
    """Claims of a good user token of the project; None removes one."""
    issued = int(now.timestamp())
    claims = {
        "iss": PROJECT_ISSUER,
        "sub": SUBJECT,
        "aud": "authenticated",
        "iat": issued,
        "exp": issued + 3600,
        "role": "authenticated",
        "email": "somebody@project.example",
        "is_anonymous": False,
        "app_metadata": {},
        "user_metadata": {},
        **change,
    }
    return {name: value for name, value in claims.items() if value is not None}


def project_env(env: Env, **jwt_rules: Any) -> Env:
    """The environment with a Supabase project named."""
    rules = {"supabase_issuer": PROJECT_ISSUER, "audience": "authenticated", **jwt_rules}
    return replace(env, jwt=replace(JwtRules(), **rules))


async def refusal(verifier: Verifier, token: str) -> str:
    """The word a token is refused with, or an empty text when it is good."""
    try:
        await verifier.verify(token)
    except TokenRefusedError as error:
        return error.code
    return ""


@dataclass
class KeyServer:
    """A JWKS address on loopback whose answer a test changes while it serves."""

    keys: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    status: int = 200
    body: bytes | None = None
    delay_s: float = 0.0
    asked: int = 0
    url: str = ""


@contextmanager
def key_server(*keys: ProjectKey) -> Generator[KeyServer]:
    state = KeyServer([key.jwk for key in keys])
    let_go = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked += 1
            let_go.wait(state.delay_s)
            body = (
                state.body if state.body is not None else json.dumps({"keys": state.keys}).encode()
            )
            self.send_response(state.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its name there
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}/auth/v1/.well-known/jwks.json"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        let_go.set()
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True)
class Served:
    """As much of a Console as the sign-in routes need."""

    env: Env
    accounts: Accounts


def build_accounts(database: Database, clock: Any, secrets: Secrets, env: Env) -> Accounts:
    accounts = Accounts(database, clock, secrets, env)
    accounts.load()
    return accounts


@contextmanager
def sign_in_server(accounts: Accounts, env: Env) -> Generator[str]:
    """Serve /auth/v1 on the port of env in a thread of its own; give its origin."""
    app = FastAPI()
    app.include_router(router(Served(env, accounts)))
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=env.port,
        log_level="critical",
        lifespan="off",
        ws="none",
    )
    server = QuickServer(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        threading.Event().wait(0.01)
    try:
        yield f"http://127.0.0.1:{env.port}"
    finally:
        server.should_exit = True
        thread.join()


class WallClock(FakeClock):
    """The real time, moved on by a test: for clients that look at the machine's own clock."""

    def __init__(self) -> None:
        super().__init__(datetime.now(UTC))


async def at_once(count: int, call: Callable[[], Any]) -> list[Any]:
    """Call so often at the same time; return values and exceptions."""
    return await asyncio.gather(*(call() for _ in range(count)), return_exceptions=True)
