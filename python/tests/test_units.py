"""What needs no server."""

from __future__ import annotations

import dataclasses
import pickle
import random
from typing import Any

import pytest

import nacre
from nacre import _native, _process, balancers, errors
from nacre.naming_model import Candidates, ServiceSnapshot, Weights, cluster_names, difference

FORMATS: list[tuple[str, tuple[Any, ...]]] = [
    ("bBiqQd", (True, 255, -7, -(2**62), 2**64 - 1, 1.5)),
    ("sym", ("ä\n", b"\0\xff", {"a": "b", "": "ü"})),
    ("?s?s", (None, "")),
    ("[s][is]", (["a", "b"], [(1, "x"), (2, "y")])),
    ("?(s[q])", (("x", [1, 2]),)),
    ("[?[B]]", ([(None,), ([1],)],)),
    ("", ()),
]


@pytest.mark.parametrize(("format", "values"), FORMATS)
def test_what_is_encoded_is_decoded(format: str, values: tuple[Any, ...]) -> None:
    data = _native.encode(format, *values)
    assert _native.decode(format, data) == values
    assert _native.decode(format, b"xx" + data, 2) == values
    for end in range(len(data)):
        with pytest.raises(ValueError, match="decoded"):
            _native.decode(format, data[:end])
    with pytest.raises(ValueError, match="decoded"):
        _native.decode(format, data + b"\0")


@pytest.mark.parametrize(
    ("format", "values", "error"),
    [
        ("s", (1,), TypeError),
        ("s", (None,), TypeError),
        ("i", (2**31,), OverflowError),
        ("B", (-1,), OverflowError),
        ("s", ("\ud800",), UnicodeEncodeError),
        ("ss", ("a",), TypeError),
        ("s", ("a", "b"), TypeError),
        ("x", (1,), ValueError),
        ("[s", ([],), ValueError),
        ("m", ([],), TypeError),
    ],
)
def test_what_cannot_be_encoded_is_refused(format: str, values: tuple[Any, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        _native.encode(format, *values)


def test_every_number_of_the_engine_has_its_class() -> None:
    kinds = list(errors.ErrorKind)
    for number, kind in enumerate(kinds, 1):
        error = errors.of(number, 7, True, "why")
        assert (error.kind, error.code, error.retryable, error.reason) == (kind, 7, True, "why")
        assert str(error) == "why"
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), again.args, again.code, again.retryable) == (type(error), error.args, 7, True)
    assert errors.of(99, 1, False, "new").kind is errors.ErrorKind.INTERNAL
    assert len({errors.of(number, 0, False, "") for number in range(1, len(kinds) + 1)}) == len(kinds)
    assert issubclass(nacre.RequestTimeoutError, TimeoutError)
    assert issubclass(nacre.InvalidParameterError, ValueError)
    assert issubclass(nacre.ForkedProcessError, RuntimeError)


def test_an_error_of_the_engine_is_decoded() -> None:
    data = _process.encoded_error(nacre.ClientClosedError())
    assert isinstance(_process.decoded_error(data), nacre.ClientClosedError)


@pytest.mark.parametrize(
    "make",
    [
        lambda: nacre.ServiceKey(""),
        lambda: nacre.ServiceKey("a b"),
        lambda: nacre.ServiceKey("a@@b@@c"),
        lambda: nacre.ServiceKey("g@@n", "h"),
        lambda: nacre.ServiceKey("n", "a/b"),
        lambda: nacre.ServiceKey("n\ud800"),
        lambda: nacre.ConfigKey(" "),
        lambda: nacre.ConfigKey("x" * 257),
        lambda: nacre.Instance("10.0.0.1", 70_000),
        lambda: nacre.Options(namespace="a b"),
        lambda: nacre.Options(username="u"),
        lambda: nacre.Options(request_timeout=0),
        lambda: nacre.Options(connect_timeout=-1).to_bytes(),
        lambda: nacre.Options(retries=-1).to_bytes(),
        lambda: nacre.Options(tls=nacre.Tls(key="x")).to_bytes(),
        lambda: nacre.Gray(),
        lambda: nacre.Gray.of_tag("a b"),
        lambda: balancers.same_cluster("a", balancers.round_robin),  # type: ignore[arg-type]
    ],
)
def test_what_is_not_legal_is_refused(make: Any) -> None:
    with pytest.raises(nacre.InvalidParameterError) as caught:
        make()
    assert caught.value.kind is nacre.ErrorKind.INVALID_PARAMETER
    assert not caught.value.retryable


@pytest.mark.parametrize(
    "make",
    [
        lambda: nacre.ServiceKey(7),  # type: ignore[arg-type]
        lambda: nacre.ConfigKey(b"x"),  # type: ignore[arg-type]
        lambda: nacre.Instance("10.0.0.1", "80"),  # type: ignore[arg-type]
        lambda: nacre.Instance("10.0.0.1", True),
        lambda: nacre.Instance("10.0.0.1", 80, weight="1"),  # type: ignore[arg-type]
        lambda: nacre.Instance("10.0.0.1", 80, healthy=1),  # type: ignore[arg-type]
        lambda: nacre.Instance("10.0.0.1", 80, metadata={"a": 1}),  # type: ignore[dict-item]
        lambda: nacre.Publish(b"x"),  # type: ignore[arg-type]
        lambda: nacre.Publish("x", tags="abc"),
        lambda: nacre.Options(connect_timeout="1").to_bytes(),  # type: ignore[arg-type]
        lambda: nacre.Client(7),  # type: ignore[arg-type]
    ],
)
def test_wrong_types_are_refused(make: Any) -> None:
    with pytest.raises(TypeError):
        make()


def test_keys_are_normalised() -> None:
    assert nacre.ServiceKey("g@@n") == nacre.ServiceKey("n", "g")
    assert nacre.ServiceKey("n") == nacre.ServiceKey("n", " ")
    assert str(nacre.ServiceKey("n")) == "DEFAULT_GROUP@@n"
    assert nacre.ConfigKey(" d ") == nacre.ConfigKey("d", "DEFAULT_GROUP")
    assert cluster_names(["b,a", " c "]) == ("a", "b", "c")
    assert cluster_names("") == ()


def test_instances_are_values() -> None:
    metadata = {"a": "b"}
    one = nacre.Instance("::1", 80, metadata=metadata)
    metadata["a"] = "c"
    assert one.metadata == {"a": "b"}
    assert one.address == "[::1]:80"
    assert dataclasses.replace(one, weight=0).takes_traffic is False
    assert len({one, dataclasses.replace(one)}) == 1


def _instances(*ports: int, weight: float = 1.0) -> list[nacre.Instance]:
    return [nacre.Instance("10.0.0.1", port, weight=weight) for port in ports]


def test_differences_go_by_address() -> None:
    old, new = _instances(1, 2), _instances(3, 2)
    found = difference(old, new)
    assert found == ([new[0]], [old[0]], [])
    assert difference(old, list(reversed(old))) is None
    assert difference(_instances(1), _instances(1, weight=2)) == ([], [], _instances(1, weight=2))
    twice = [*_instances(1), *_instances(1, weight=2)]
    assert difference(twice, list(reversed(twice))) is None


def test_weights_are_chosen_in_proportion() -> None:
    heavy = nacre.Instance("10.0.0.1", 1, weight=3)
    table = Weights([*_instances(2), heavy, *_instances(3, weight=0)])
    draws = [table.draw(number / 1000) for number in range(1, 1001)]
    assert draws.count(heavy) == 750
    assert {one.port for one in draws if one} == {1, 2}
    assert Weights([]).draw(0.5) is None
    huge = Weights(_instances(1, 2, weight=1e308))
    assert {one.port for one in (huge.draw(0.1), huge.draw(1.0)) if one} == {1, 2}


def _candidates(instances: list[nacre.Instance]) -> Candidates:
    snapshot = ServiceSnapshot(nacre.ServiceKey("s"), "", 10, 0, False, nacre.ListSource.SERVER, 1, instances)
    return snapshot.view((), True)


def test_balancers_without_a_state() -> None:
    random.seed(7)
    near = nacre.Instance("10.0.0.9", 9, cluster="near")
    candidates = _candidates([*_instances(1, 2), near])
    assert {balancers.random(candidates).port for _ in range(100) if candidates} == {1, 2, 9}  # type: ignore[union-attr]
    same = balancers.same_cluster("near")
    assert {same(candidates, None) for _ in range(20)} == {near}
    assert balancers.same_cluster("far")(candidates, None) is not None
    empty = _candidates([])
    assert balancers.random(empty) is None
    assert same(empty, None) is None


def test_selectors_narrow() -> None:
    near = nacre.Instance("10.0.0.9", 9, cluster="near", metadata={"v": "1"})
    ill = nacre.Instance("10.0.0.8", 8, healthy=False, weight=0, metadata={"v": "2"})
    everyone = [near, ill]
    selector = nacre.Selector()
    assert selector.apply(everyone) is everyone
    assert selector.clusters("near").apply(everyone) == [near]
    assert selector.healthy(False).apply(everyone) == [ill]
    assert selector.takes_traffic().apply(everyone) == [near]
    assert selector.metadata("v", "1").apply(everyone) == [near]
    assert selector.any_metadata({"v": "2", "w": "1"}).apply(everyone) == [ill]
    assert selector.any_metadata({}).apply(everyone) is everyone
    assert selector.matching(lambda one: one.port > 8).healthy().apply(everyone) == [near]


def test_every_setting_reaches_the_engine() -> None:
    options = nacre.Options(
        server=("127.0.0.1:1", "127.0.0.1:2"),
        namespace="dev",
        default_port=8848,
        grpc_port_offset=1000,
        context_path="nacos",
        app_name="app",
        labels={"a": "b"},
        app_labels={"c": "d"},
        client_version="x:1",
        client_ip="10.0.0.1",
        username="u",
        password="p",
        keys=nacre.Keys("a", "s", "t", "r"),
        temporary_keys=nacre.TemporaryKeys.of_role("role"),
        request_timeout=1.5,
        retries=2,
        connect_timeout=1,
        server_check_timeout=1,
        ability_timeout=1,
        keep_alive=1,
        health_check_timeout=1,
        health_check_retries=0,
        http_timeout=1,
        max_message_size=1 << 20,
        random_start=False,
        pool="pool",
        naming=nacre.NamingOptions(1, False, "f", True, False, 1, 1),
        config=nacre.ConfigOptions(1, "k", False, "e", 60, 100, 1, 1000),
    )
    with nacre.Client(options) as client:
        assert client.servers == ["127.0.0.1:1", "127.0.0.1:2"]
        with pytest.raises(nacre.InvalidParameterError, match="too long"):
            client.config.publish("x", "x" * 1001)
    with nacre.Client(nacre.Options(endpoint=nacre.Endpoint("127.0.0.1", 9, "c", "l", "q", 5))) as client:
        assert client.servers == []
    assert "secret" not in repr(
        nacre.Options(username="u", password="secret", keys=nacre.Keys("a", "secret", "secret"))
    )


@pytest.mark.parametrize("server", ["http://", "x:99999", "[::", ""])
def test_a_setting_that_the_engine_refuses_raises(server: str) -> None:
    with pytest.raises(nacre.InvalidParameterError):
        nacre.Client(server)
