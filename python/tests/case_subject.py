"""Operations of cases as calls of the client, through one of its two faces."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, Callable, Optional

from case_stage import Failed, Recorder, Stage

import nacre
from nacre import balancers

CAPABILITIES = {
    "balancers",
    "baseline",
    "batch",
    "client_metrics",
    "failover",
    "fuzzy_watch",
    "gray",
    "lazy_connect",
    "lock",
    "login",
    "maintenance",
    "naming_cache",
    "persistent",
    "pool",
    "reopen",
    "snapshots",
    "watch_services",
}
"""What this client can do beyond the common: everything."""

_BALANCERS: dict[str, Any] = {
    "weighted_random": balancers.weighted_random,
    "random": balancers.random,
    "round_robin": balancers.round_robin,
    "least_recently_used": balancers.least_recently_used,
    "least_frequently_used": balancers.least_frequently_used,
    "consistent_hash": balancers.consistent_hash,
}


class _Loop:
    """An event loop on a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="loop", daemon=True).start()

    def run(self, work: Callable[[], Any]) -> Any:
        async def on_loop() -> Any:
            made = work()
            return await made if asyncio.iscoroutine(made) else made

        return asyncio.run_coroutine_threadsafe(on_loop(), self._loop).result()


class Subject:
    """The clients of one case."""

    _loop: Optional[_Loop] = None
    _lock = threading.Lock()

    def __init__(self, face: str) -> None:
        self._clients: dict[str, Any] = {}
        self._asyncio = face == "asyncio"
        with Subject._lock:
            if self._asyncio and Subject._loop is None:
                Subject._loop = _Loop()

    def _call(self, work: Callable[[], Any]) -> Any:
        try:
            if self._asyncio:
                assert Subject._loop
                return Subject._loop.run(work)
            return work()
        except nacre.NacreError as error:
            raise Failed(error.kind.value, error.code, error.retryable, error.reason) from error

    def connect(self, stage: Stage, name: str, options: dict[str, Any]) -> None:
        kind: Any = nacre.AsyncClient if self._asyncio else nacre.Client
        lazy = options.get("lazy", False)
        self._clients[name] = self._call(lambda: (kind if lazy else kind.connect)(_options(stage, options)))

    def close(self) -> None:
        for client in self._clients.values():
            self._call(client.close)

    def perform(self, stage: Stage, operation: str, on: str, args: dict[str, Any], recorder: Recorder) -> Any:
        part, _, verb = operation.partition(".")
        if operation == "client.connect":
            self.connect(stage, on, args.get("options", {}))
            return None
        client = self._clients[on]
        if part == "client":
            return self._client(client, verb, args)
        if part == "naming":
            return self._naming(client.naming, verb, args, recorder)
        if part == "config":
            return self._config(client.config, verb, args, recorder)
        locks = client.lock
        if verb == "acquire":
            lease = args["lease_ms"] / 1000 if "lease_ms" in args else None
            return self._call(lambda: locks.acquire(args["key"], lease=lease))
        return self._call(lambda: locks.release(args["key"]))

    def _client(self, client: Any, verb: str, args: dict[str, Any]) -> Any:
        if verb == "ready":
            return self._call(lambda: client.ready(args["limit_ms"] / 1000))
        if verb == "metrics":
            return {"requests": client.metrics.calls}
        if verb == "status":
            status = client.status
            error = status.last_error
            return {
                "state": status.state.value,
                "server": status.server,
                "generation": status.generation,
                "last_error": {"kind": error.kind.value, "code": error.code} if error else None,
            }
        return self._call(getattr(client, verb))

    def _watch(self, recorder: Recorder, begin: Callable[[], Any]) -> None:
        watch = self._call(begin)
        recorder.stop = watch.close

    def _naming(self, naming: Any, verb: str, args: dict[str, Any], recorder: Recorder) -> Any:
        group = args.get("group", "")
        if verb == "services":
            size = args.get("size", 1000)
            page = self._call(lambda: naming.services(group=group, page=args.get("page", 1), size=size))
            return {"count": page.count, "names": list(page.names)}
        if verb == "watch_services":
            return self._watch(
                recorder,
                lambda: naming.watch_services(lambda names: recorder.tell({"names": list(names.names)}), group=group),
            )
        if verb == "watch_fuzzy":

            def changed(change: nacre.ServicePatternChange) -> None:
                recorder.tell({"added": _services(change.added), "removed": _services(change.removed)})

            return self._watch(recorder, lambda: naming.watch_pattern(args.get("service", ""), changed, group=group))
        if verb == "subscribed":
            return _services(self._call(naming.subscribed))
        if verb == "server_status":
            return "up" if self._call(naming.is_server_up) else "down"
        key = self._call(lambda: nacre.ServiceKey(args.get("service", ""), group))
        if verb == "watch":
            selector = _selector(args.get("selector", {}))
            tell = lambda change: recorder.tell(_change(change))  # noqa: E731
            return self._watch(recorder, lambda: naming.watch(key, tell, selector=selector))
        if verb in ("register", "deregister"):
            return self._call(lambda: getattr(naming, verb)(key, _instance(args["instance"])))
        if verb in ("register_batch", "deregister_batch"):
            return self._call(lambda: getattr(naming, verb)(key, [_instance(one) for one in args["instances"]]))
        if verb in ("instances", "select", "select_one"):
            return self._query(naming, verb, key, args)
        return self._maintain(naming.maintenance, verb, key, args)

    def _query(self, naming: Any, verb: str, key: nacre.ServiceKey, args: dict[str, Any]) -> Any:
        query: dict[str, Any] = {"clusters": args.get("clusters", []), "direct": not args.get("subscribe", True)}
        if verb == "select":
            query["healthy"] = args.get("healthy", True)
        if verb == "select_one":
            kind = args.get("balancer", "weighted_random")
            same = kind == "same_cluster"
            query["balancer"] = balancers.same_cluster(args["cluster"]) if same else _BALANCERS[kind]
            query["key"] = args.get("key")
            chosen = self._call(lambda: naming.select_one(key, **query))
            return _shown(chosen) if chosen else None
        return [_shown(one) for one in self._call(lambda: getattr(naming, verb)(key, **query))]

    def _maintain(self, maintenance: Any, verb: str, key: nacre.ServiceKey, args: dict[str, Any]) -> Any:
        if verb in ("create_service", "update_service"):
            threshold = args.get("protect_threshold", 0.0)
            settings = nacre.ServiceSettings(protect_threshold=threshold, metadata=args.get("metadata", {}))
            return self._call(lambda: getattr(maintenance, verb)(key, settings))
        if verb == "delete_service":
            return self._call(lambda: maintenance.delete_service(key))
        if verb == "update_instance":
            return self._call(lambda: maintenance.update_instance(key, _instance(args["instance"])))
        assert verb == "get_service", verb
        detail = self._call(lambda: maintenance.service(key))
        return {
            "service": detail.service.name,
            "group": detail.service.group,
            "protect_threshold": detail.protect_threshold,
            "metadata": dict(detail.metadata),
        }

    def _config(self, config: Any, verb: str, args: dict[str, Any], recorder: Recorder) -> Any:
        group, data_id = args.get("group", ""), args.get("data_id", "")
        if verb == "watch_fuzzy":

            def changed(change: nacre.ConfigPatternChange) -> None:
                recorder.tell({"added": _configs(change.added), "removed": _configs(change.removed)})

            return self._watch(recorder, lambda: config.watch_pattern(data_id, changed, group=group))
        key = self._call(lambda: nacre.ConfigKey(data_id, group))
        tell = lambda event: recorder.tell({"value": _value(event.value)})  # noqa: E731
        if verb == "get":
            return _value(self._call(lambda: config.get(key)))
        if verb == "get_and_listen":
            value, watch = self._call(lambda: config.get_and_listen(key, tell))
            recorder.stop = watch.close
            return _value(value)
        if verb == "watch":
            return self._watch(recorder, lambda: config.watch(key, tell))
        if verb == "listen":
            return self._watch(recorder, lambda: config.listen(key, args.get("baseline", ""), tell))
        if verb == "publish":
            return self._call(lambda: config.publish(key, _publish(args)))
        if verb == "publish_cas":
            return self._call(lambda: config.publish_cas(key, _publish(args), args["md5"]))
        if verb == "publish_gray":
            return self._call(lambda: config.publish_gray(key, _publish(args), _gray(args)))
        if verb == "remove":
            return self._call(lambda: config.remove(key))
        assert verb == "remove_gray", verb
        return self._call(lambda: config.remove_gray(key, _gray(args)))


def _seconds(options: dict[str, Any], name: str) -> Optional[float]:
    return options[name + "_ms"] / 1000 if name + "_ms" in options else None


def _options(stage: Stage, options: dict[str, Any]) -> nacre.Options:
    naming, config, login = options.get("naming", {}), options.get("config", {}), options.get("login", {})
    return nacre.Options(
        server=options.get("server", stage.known["server"]),
        namespace=options.get("namespace", stage.known["namespace"]),
        app_name=options.get("app_name"),
        app_labels=options.get("app_labels", {}),
        directory=options.get("directory"),
        # Pools are the process's; a case has its own.
        pool=stage.run + options["pool"] if "pool" in options else None,
        username=login.get("username"),
        password=login.get("password"),
        request_timeout=_seconds(options, "request_timeout") or 3.0,
        keep_alive=_seconds(options, "keep_alive"),
        health_check_timeout=_seconds(options, "keep_alive"),
        random_start=options.get("random_start"),
        naming=nacre.NamingOptions(
            push_empty_protection=naming.get("push_empty_protection"),
            load_cache_at_start=naming.get("load_cache_at_start"),
            poll=naming.get("poll"),
            failover_refresh=_seconds(naming, "failover_refresh"),
            services_refresh=_seconds(naming, "services_refresh"),
        ),
        config=nacre.ConfigOptions(
            snapshots=config.get("snapshots"),
            environment_name=config.get("environment_name"),
            failover_refresh=_seconds(config, "failover_refresh"),
            full_sync=_seconds(config, "full_sync"),
            max_content=config.get("max_content"),
        ),
    )


def _instance(args: dict[str, Any]) -> nacre.Instance:
    return nacre.Instance(**args)


def _publish(args: dict[str, Any]) -> nacre.Publish:
    return nacre.Publish(args.get("content", ""), type=args.get("type"))


def _gray(args: dict[str, Any]) -> nacre.Gray:
    return nacre.Gray.of_tag(args["tag"]) if "tag" in args else nacre.Gray.beta(*args.get("beta_ips", []))


def _selector(args: dict[str, Any]) -> nacre.Selector:
    selector = nacre.Selector().clusters(*args.get("clusters", []))
    if "healthy" in args:
        selector = selector.healthy(args["healthy"])
    for key, value in args.get("metadata", {}).items():
        selector = selector.metadata(key, value)
    return selector


def _shown(one: nacre.Instance) -> dict[str, Any]:
    names = ("ip", "port", "weight", "healthy", "enabled", "ephemeral", "cluster")
    return {**{name: getattr(one, name) for name in names}, "metadata": dict(one.metadata)}


def _change(change: nacre.ServiceChange) -> dict[str, Any]:
    lists = {
        name: [_shown(one) for one in getattr(change, name)] for name in ("instances", "added", "removed", "modified")
    }
    return {"service": change.service.name, "group": change.service.group, **lists}


def _services(keys: Any) -> list[dict[str, str]]:
    return [{"service": key.name, "group": key.group} for key in keys]


def _configs(keys: Any) -> list[dict[str, str]]:
    return [{"data_id": key.data_id, "group": key.group} for key in keys]


def _value(value: Optional[nacre.ConfigValue]) -> Any:
    if value is None:
        return None
    return {
        "content": value.content,
        "md5": value.md5,
        "type": value.type,
        "encrypted_data_key": value.encrypted_data_key,
        "source": value.source.value,
        "last_modified": value.last_modified,
    }
