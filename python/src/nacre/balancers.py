"""Choosing one of several instances.

A balancer is a function of the candidates and of a key (what the call is about: a user, a session) that gives one of
them or `None`. Those with a state (in turn, least used, consistent hash) keep it in the engine, one per client, so that
all who share a client share the turns; they choose from memory only.
"""

from __future__ import annotations

import enum
import random as _random
from typing import Callable, Optional, Union

from nacre import _names
from nacre.errors import InvalidParameterError
from nacre.naming_model import Candidates, Instance

Choose = Callable[[Candidates, Optional[str]], Optional[Instance]]


class EngineBalancer(enum.Enum):
    """Balancers whose state the engine keeps."""

    ROUND_ROBIN = 0
    LEAST_RECENTLY_USED = 1
    LEAST_FREQUENTLY_USED = 2
    CONSISTENT_HASH = 3


Balancer = Union[Choose, EngineBalancer]

round_robin = EngineBalancer.ROUND_ROBIN
"""In turn, each service by itself."""
least_recently_used = EngineBalancer.LEAST_RECENTLY_USED
"""The instance whose last choice is the longest ago."""
least_frequently_used = EngineBalancer.LEAST_FREQUENTLY_USED
"""The instance that was chosen least often. One that joins starts level with the least used."""
consistent_hash = EngineBalancer.CONSISTENT_HASH
"""By a hash of the key: when an instance comes or goes, only its share of the keys moves; all processes and languages
choose alike. A call without key is served at random."""


def weighted_random(candidates: Candidates, key: Optional[str] = None) -> Optional[Instance]:
    """With a probability in proportion to the weight. The default."""
    return candidates.weighted()


def random(candidates: Candidates, key: Optional[str] = None) -> Optional[Instance]:
    """Each instance equally often, by chance."""
    return _random.choice(candidates.instances) if candidates.instances else None


def same_cluster(cluster: str, inner: Choose = weighted_random) -> Choose:
    """Prefers the instances of one cluster; without any there, chooses among all."""
    _names.text(cluster, "cluster")
    if isinstance(inner, EngineBalancer):
        raise InvalidParameterError("a balancer with a state in the engine cannot choose within a cluster")

    def choose(candidates: Candidates, key: Optional[str] = None) -> Optional[Instance]:
        near = inner(candidates.of(cluster), key)
        return near if near is not None else inner(candidates, key)

    return choose
