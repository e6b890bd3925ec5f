"""The stand-in for `v2.nacos` against the original: signatures, models, and one program run with both."""

from __future__ import annotations

import importlib
import inspect
import json
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from harness import LIMIT, Server

import nacre

pytest.importorskip("v2.nacos", reason="nacos-sdk-python is not installed")

MODULES = [
    "",
    ".common.auth",
    ".common.client_config",
    ".common.client_config_builder",
    ".common.nacos_exception",
    ".common.preserved_metadata_key",
    ".config.model.config_param",
    ".config.nacos_config_service",
    ".nacos_client",
    ".naming.model.instance",
    ".naming.model.naming_param",
    ".naming.model.service",
    ".naming.nacos_naming_service",
]
# The caches behind a listener hold the original's transport.
INTERNAL = {"CacheDataListenerWrap", "SubscribeCacheData"}


def _pair(module: str) -> tuple[Any, Any]:
    return importlib.import_module("v2.nacos" + module), importlib.import_module("nacre.compat.v2.nacos" + module)


def _classes(module: str) -> list[tuple[str, type, type]]:
    original, ours = _pair(module)
    return [
        (name, one, getattr(ours, name))
        for name, one in vars(original).items()
        if inspect.isclass(one) and one.__module__ == original.__name__ and name not in INTERNAL
    ]


def _parameters(function: Any) -> list[tuple[str, Any, Any]]:
    return [(one.name, one.kind, one.default) for one in inspect.signature(function).parameters.values()]


@pytest.mark.parametrize("module", [*MODULES, ".config.model.config"])
def test_public_names_are_there(module: str) -> None:
    original, ours = _pair(module)
    if module == "":
        assert set(original.__all__) == set(ours.__all__)
        assert original.__version__ == ours.__version__
        return
    assert _classes(module)
    for name, value in vars(original).items():
        # Others import these from there.
        if name.isupper() and module in (".common.nacos_exception", ".naming.model.service"):
            assert getattr(ours, name, value) == value


@pytest.mark.parametrize("module", [*MODULES[1:], ".config.model.config"])
def test_classes_have_the_members_of_the_original(module: str) -> None:
    for name, original, ours in _classes(module):
        assert [base.__name__ for base in original.__mro__] == [base.__name__ for base in ours.__mro__], name
        for member, value in vars(original).items():
            if member.startswith("_") or member in ("model_config", "model_fields", "Config", "init_log"):
                continue
            assert hasattr(ours, member), f"{name}.{member}"
            found = inspect.getattr_static(ours, member)
            assert isinstance(found, staticmethod) is isinstance(value, staticmethod), f"{name}.{member}"
            if callable(getattr(original, member)):
                theirs, mine = getattr(original, member), getattr(ours, member)
                assert inspect.iscoroutinefunction(mine) is inspect.iscoroutinefunction(theirs), f"{name}.{member}"
                assert _parameters(mine) == _parameters(theirs), f"{name}.{member}"
            else:
                own = getattr(ours, member)
                assert getattr(own, "value", own) == getattr(value, "value", value), f"{name}.{member}"
        fields = getattr(original, "model_fields", None)
        if fields is None:
            assert _parameters(ours) == _parameters(original), name
        else:
            theirs = {key: (field.is_required(), field.default) for key, field in fields.items()}
            assert {key: (one.is_required(), one.default) for key, one in ours.model_fields.items()} == theirs, name  # type: ignore[attr-defined]


def test_settings_have_the_values_of_the_original() -> None:
    original, ours = _pair("")

    def build(package: Any) -> Any:
        return (
            package.ClientConfigBuilder()
            .server_address(" a:1 , b:2")
            .context_path("ctx/")
            .namespace_id(None)
            .access_key("a")
            .secret_key("s")
            .app_conn_labels({"a": "b"})
            .app_conn_labels({"c": "d"})
            .timeout_ms(1)
            .grpc_config(package.GRPCConfig(grpc_timeout=7))
            .build()
        )

    def plain(value: Any) -> Any:
        if type(value).__module__.startswith(("v2.", "nacre.")):
            return {name: plain(one) for name, one in vars(value).items()}
        return value

    assert plain(build(ours)) == plain(build(original))
    assert plain(ours.ClientConfig()) == plain(original.ClientConfig())
    for path in ("", "/", "x", "/x/", None):
        both = [package.ClientConfig(context_path=path).context_path for package in (ours, original)]
        assert both[0] == both[1]
    with pytest.raises(ours.NacosException):
        ours.ClientConfig(server_addresses=7)


def test_settings_reach_the_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from nacre.compat.v2.nacos.common.auth import StaticCredentialsProvider
    from nacre.compat.v2.nacos.common.client_config import ClientConfig, KMSConfig, TLSConfig
    from nacre.compat.v2.nacos.common.nacos_exception import NacosException
    from nacre.compat.v2.nacos.nacos_client import options

    monkeypatch.setenv("nacos_app_conn_labels", "a=1,b=2")
    monkeypatch.setenv("nacos_config_gray_label", "gray")
    config = ClientConfig(
        "127.0.0.1:8848",
        namespace_id="dev",
        username="u",
        password="p",
        app_name="app",
        app_key="k",
        app_conn_labels={"a": "own"},
        credentials_provider=StaticCredentialsProvider("a", "s", "t"),
    )
    config.cache_dir = str(tmp_path)
    config.tls_config = TLSConfig(enabled=True, ca_file="ca", cert_file="c", key_file="k", server_name_override="n")
    made = options(config)
    assert made.server == ("127.0.0.1:8848",)
    assert (made.namespace, made.username, made.app_name, made.request_timeout) == ("dev", "u", "app", 3)
    assert made.app_labels == {"a": "own", "b": "2", "nacos_config_gray_label": "gray"}
    assert made.keys == nacre.Keys("a", "s", "t")
    assert made.tls == nacre.Tls(roots="ca", certificates="c", key="k", server_name="n")
    assert made.naming == nacre.NamingOptions(load_cache_at_start=True, push_empty_protection=True)
    monkeypatch.setenv("nacos_app_conn_labels_preferred", "env")
    assert options(config).app_labels["a"] == "1"
    monkeypatch.setenv("nacos_app_conn_labels", "a=b=c")
    with pytest.raises(NacosException, match="unknown label format"):
        options(config)
    monkeypatch.delenv("nacos_app_conn_labels")
    endpoint = ClientConfig(endpoint="http://addresses:8080")
    assert options(endpoint).endpoint == nacre.Endpoint("addresses", 8080, "nacos")
    with pytest.raises(NacosException):
        options(ClientConfig())
    config.kms_config = KMSConfig(enabled=True)
    with pytest.raises(NacosException):
        options(config)


@pytest.mark.parametrize("part", ["naming", "config"])
def test_a_program_sees_the_same_with_both(part: str, server: Server) -> None:
    def start(package: str) -> subprocess.Popen[str]:
        script = str(Path(__file__).with_name("compat_script.py"))
        arguments = [sys.executable, script, package, server.address, f"r{uuid.uuid4().hex[:10]}", part]
        return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    both = {package: start(package) for package in ("v2.nacos", "nacre.compat.v2.nacos")}
    seen = {}
    for package, process in both.items():
        output, errors = process.communicate(timeout=3 * LIMIT)
        assert process.returncode == 0, f"{package}: {errors}"
        seen[package] = json.loads(output)
        # Namespaces differ, so that the two do not meet.
        for event in seen[package].get("told", []):
            if part == "config":
                event[0] = ""
    assert seen["nacre.compat.v2.nacos"] == seen["v2.nacos"]
    assert len(seen["v2.nacos"]) > 10
