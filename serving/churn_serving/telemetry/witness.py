"""Writes down that a request was answered by a model: all that is counted of it, and its line, in one step.

Step by step the same takes half as much again in a running system: whatever is not in the processor's caches between
two requests is fetched again for every call, key and object in between. It must not know who asks or answers.
"""

import time
from bisect import bisect_left
from collections.abc import Sequence
from typing import Protocol

from churn_serving.telemetry.answer_tallies import AnswerTallies, Model
from churn_serving.telemetry.names import LATENCY_BUCKETS, SCORE_BUCKETS
from churn_serving.telemetry.recommendation_counts import Recommendation
from churn_serving.telemetry.request_log import Ended, RequestLog


class Answered(Ended, Protocol):
    """A request that was answered."""

    started: float
    """By ``time.perf_counter``."""

    @property
    def recommended(self) -> Sequence[Recommendation]:
        """What is to be counted of the answer beside its probabilities."""


class AnswerWitness:
    """Of one process; everything on the event loop's thread."""

    def __init__(self, tallies: AnswerTallies, log: RequestLog) -> None:
        self._tallies = tallies
        self._log = log
        self._budget = log.budget

    def answered(
        self, request: Answered, code: int, served_by: str, probabilities: Sequence[float], model: Model
    ) -> float:
        """A request was answered with HTTP status (or its gRPC equivalent) ``code`` and these churn probabilities; the
        seconds that it took. A trace that its caller keeps becomes the example of its latency, and has its line."""
        now = time.perf_counter()
        seconds = now - request.started
        route, trace = request.route, request.trace
        last_route, last_code, last_server, last_model, tally = self._tallies.last
        if model is not last_model or served_by is not last_server or route is not last_route or code != last_code:
            tally = self._tallies.of(route, code, served_by, model)
        requests, latency, scores, recommended, version, usual = tally
        requests.value += 1
        if trace is not None and trace.sampled:
            latency.observe_traced(seconds, trace)
            usual = False
        else:
            latency.buckets[bisect_left(LATENCY_BUCKETS, seconds)] += 1
            latency.total += seconds
        for probability in probabilities:
            scores.buckets[bisect_left(SCORE_BUCKETS, probability)] += 1
            scores.total += probability
        counts = recommended.counts
        for one in request.recommended:
            try:
                counts[one.action.id][one.segment.id] += 1
            except KeyError:
                recommended.add((one,))
        if usual:
            budget = self._budget
            if now < budget.empty_until:
                budget.left_out.value += 1
                return seconds
            budget.spend(now)
        self._log.write(request, served_by, version, code, seconds)
        return seconds
