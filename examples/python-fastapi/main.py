"""A service that registers itself, calls another one by its name, and follows a setting.

    pip install nacre-client[httpx,settings] fastapi uvicorn
    python main.py orders 8001 127.0.0.1:8848
    python main.py stock 8002 127.0.0.1:8848
    curl localhost:8001/ask/stock
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI, Request
from pydantic_settings import BaseSettings

import nacre
from nacre.contrib.httpx import AsyncRegistryTransport
from nacre.contrib.settings import ReloadingSettings
from nacre.contrib.starlette import lifespan

name, port, server = sys.argv[1], int(sys.argv[2]), sys.argv[3]


class Settings(BaseSettings):
    greeting: str = "hi"


@asynccontextmanager
async def resources(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    with nacre.Client(server) as client:
        transport = AsyncRegistryTransport(app.state.nacre)
        async with httpx.AsyncClient(transport=transport) as http:
            yield {"http": http, "settings": ReloadingSettings(Settings, client, "greeting.json")}


app = FastAPI(lifespan=lifespan(name, ip="127.0.0.1", port=port, options=server, inner=resources))


@app.get("/greet")
async def greet(request: Request) -> str:
    return f"{request.state.settings.current.greeting} from {name}"


@app.get("/ask/{other}")
async def ask(other: str, request: Request) -> str:
    answer = await request.state.http.get(f"http://{other}/greet")
    return f"{name} heard: {answer.json()}"


uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
