"""Keeps the condition of a drift watch in a ConfigMap of a cluster, where retraining reads it."""

import argparse
import os
import time
from typing import Any

from churn_monitoring.drift.condition import condition_of
from churn_training.cluster.kubernetes_api import CONFLICT, KubernetesApi, Refused

CONFIG_MAPS = "configmaps"
_LABELS = {"app.kubernetes.io/part-of": "churn", "app.kubernetes.io/component": "drift"}


class ConditionKeeper:
    """Writes one ConfigMap; it changes with every look, since a condition that nobody renews is worth nothing."""

    def __init__(self, api: KubernetesApi, name: str) -> None:
        self._api = api
        self._name = name

    @classmethod
    def of(cls, options: argparse.Namespace) -> "ConditionKeeper | None":
        """As options say; None where no condition is wanted. In a pod it speaks as its ServiceAccount.

        Raises:
            Failure: there is no way to a cluster.
        """
        if not options.condition:
            return None
        in_pod = "KUBERNETES_SERVICE_HOST" in os.environ and not options.context
        if in_pod:
            return cls(KubernetesApi.in_cluster(options.namespace), options.condition)
        return cls(KubernetesApi.from_kubeconfig(options.namespace, options.context), options.condition)

    def keep(self, document: dict[str, Any], digest: str) -> None:
        """Write the condition of a report.

        Raises:
            Refused, Unavailable: the cluster did not take it.
        """
        found = self._api.find(CONFIG_MAPS, self._name)
        data = condition_of(document, digest, None if found is None else found.get("data"), time.time())
        if found is None:
            metadata = {"name": self._name, "labels": _LABELS}
            body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
            try:
                self._api.create(CONFIG_MAPS, body)
            except Refused as error:
                if error.status != CONFLICT:  # somebody else has made it meanwhile
                    raise
            else:
                return
        self._api.merge(CONFIG_MAPS, self._name, {"data": data})
