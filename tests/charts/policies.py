"""NetworkPolicies as a cluster would apply them: which of a set of places may connect to which, at which port."""

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

from tests.charts.rendered import Document

Edge = tuple[str, str, int]


@dataclasses.dataclass(frozen=True)
class Place:
    """A pod of the release's namespace, a pod of another (``namespace`` holds that one's labels), or an address."""

    name: str
    ports: frozenset[int]
    labels: dict[str, str] | None = None
    namespace: dict[str, str] | None = None
    address: str = ""

    @property
    def is_ours(self) -> bool:
        return self.labels is not None and self.namespace is None


def edges(policies: Iterable[Document], places: Iterable[Place]) -> set[Edge]:
    """Every connection that is let through, from every place to every port that another listens at."""
    policies, places = list(policies), list(places)
    return set(_edges(policies, places))


def _edges(policies: list[Document], places: list[Place]) -> Iterator[Edge]:
    for source in places:
        for target in places:
            if source is target:
                continue
            for port in target.ports:
                leaves = allowed(policies, "Egress", source, target, port)
                if leaves and allowed(policies, "Ingress", target, source, port):
                    yield source.name, target.name, port


def allowed(policies: list[Document], direction: str, pod: Place, peer: Place, port: int) -> bool:
    """Whether policies on one side let it through; a pod that no policy selects is open, an address is nobody's."""
    specs = [policy["spec"] for policy in policies if selects(policy["spec"], direction, pod)]
    if not specs:
        return True
    side = "to" if direction == "Egress" else "from"
    rules = [rule for spec in specs for rule in spec.get(direction.lower(), [])]
    return any(opens(rule, side, peer, port) for rule in rules)


def selects(spec: Document, direction: str, pod: Place) -> bool:
    return pod.is_ours and direction in spec["policyTypes"] and matches(spec["podSelector"], pod.labels or {})


def opens(rule: Document, side: str, peer: Place, port: int) -> bool:
    at_port = "ports" not in rule or any(one["port"] == port and one["protocol"] == "TCP" for one in rule["ports"])
    return at_port and (side not in rule or any(is_peer(one, peer) for one in rule[side]))


def is_peer(selector: Document, peer: Place) -> bool:
    if "ipBlock" in selector:
        return bool(peer.address) and selector["ipBlock"]["cidr"] == f"{peer.address}/32"
    if peer.labels is None:
        return False
    if "namespaceSelector" in selector:
        in_namespace = peer.namespace is not None and matches(selector["namespaceSelector"], peer.namespace)
    else:
        in_namespace = peer.namespace is None
    return in_namespace and matches(selector.get("podSelector", {}), peer.labels)


_CHOOSE = ("selector", "podSelector", "labelSelector")


def choices(value: Any) -> Iterator[dict[str, Any]]:
    """Every choice of pods of its own namespace that an object makes, wherever in it, as a LabelSelector: whom a
    Service leads to, what is spread, kept, owned and let through."""
    if isinstance(value, list):
        for one in value:
            yield from choices(one)
    elif isinstance(value, dict) and "namespaceSelector" not in value:
        for key, one in value.items():
            if key in _CHOOSE and isinstance(one, dict):
                is_selector = not one or {"matchLabels", "matchExpressions"} & set(one)
                yield one if is_selector else {"matchLabels": one}
            else:
                yield from choices(one)


def matches(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    by_label = all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())
    expressions = selector.get("matchExpressions", [])
    assert all(one["operator"] == "In" for one in expressions), "the chart uses no other operator"
    return by_label and all(labels.get(one["key"]) in one["values"] for one in expressions)
