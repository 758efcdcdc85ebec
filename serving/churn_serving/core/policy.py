"""The numbers of the decision path, with the reason for each that differs from what trusted systems use.

Starting point: Envoy's outlier detection, Finagle's retry budget, the breakers of Hystrix and resilience4j. All times
are in seconds.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class BreakerPolicy:
    """When a backend is left alone and when it is tried again.

    - ``consecutive_failures`` 5 as Envoy's consecutive 5xx, but timeouts, broken connections and nonsense count too:
      a black hole never answers 5xx.
    - ``window`` 10 with at least ``minimum_calls`` 20 and ``failure_ratio`` 0.5, as Hystrix.
    - ``open_seconds`` 1, 2, 4 instead of Hystrix' 5 or Envoy's 30 to 300: recovery is tried with synthetic golden rows,
      not with customers, so trying early costs nobody anything, and a returned primary must serve again within 10 s.
    - ``probes`` 3 golden answers in a row, bit for bit, instead of 10 permitted customer calls: a probe here proves
      more than a 200.
    """

    window: int = 10
    minimum_calls: int = 20
    failure_ratio: float = 0.5
    consecutive_failures: int = 5
    open_seconds: tuple[float, ...] = (1.0, 2.0, 4.0)
    jitter: float = 0.2
    probes: int = 3
    probe_interval: float = 0.25
    forget_after: float = 30.0


@dataclass(frozen=True)
class RetryPolicy:
    """Tries against the same backend, for connections that broke: Finagle's token bucket, 20 % of requests plus a floor
    of 10 a second, so that a dead backend is never asked twice by everybody."""

    ratio: float = 0.2
    per_second: float = 10.0
    capacity: float = 100.0


@dataclass(frozen=True)
class LargeRequestPolicy:
    """How requests of many rows are answered by the model without anybody waiting for them.

    - ``rows_a_chunk`` 128: a backend takes some 2 ms for them, which is what a single customer behind them waits.
      A request of more rows is large: it goes out chunk by chunk, in a lane of its own.
    - ``chunks_in_flight`` 1, beside the calls of everybody else: chunks of several large requests take turns.
    - ``try_seconds`` 0.25 for a chunk: fifty times what it takes, and whoever sends thousands of rows waits anyway.
    - ``seconds_a_chunk`` 0.1 of deadline for each chunk after the first: 10,000 rows may take 8 s where all is slow
      and take 0.4 s where all is well.
    - ``maximum_rows`` 30,000 rows of large requests inside the gateway, three of the largest that doors accept: a row
      in memory is about 1 KB.
    - ``calls_a_chunk`` and ``spare_calls``: while versions take turns behind one address, half of the calls meet the
      other one, so four calls a chunk are ample.
    - ``gone_after`` 16 calls without an answer by a model it is taken for gone: of two that take turns at random,
      one misses sixteen calls once in 65,536 times.
    """

    rows_a_chunk: int = 128
    chunks_in_flight: int = 1
    try_seconds: float = 0.25
    seconds_a_chunk: float = 0.1
    maximum_rows: int = 30_000
    calls_a_chunk: int = 4
    spare_calls: int = 16
    gone_after: int = 16


@dataclass(frozen=True)
class DecisionPolicy:
    """One request's time and the room for requests.

    - ``try_seconds`` 0.1: far above a healthy call (p99.9 under 20 ms), so a timeout means trouble.
    - ``deadline_seconds`` 0.25: one full timeout plus a fallback; then the scorecard answers, in microseconds.
    - ``useful_seconds``: with less time left than this a backend is not even asked.
    - ``maximum_tries`` 2 backends a request; what comes after is the scorecard, never a third queue.
    - ``calls_in_flight`` and ``rows_a_call``: while that many calls are under way, what arrives queues and goes out
      together. More calls at once only spread the same work over more messages: a call between processes costs
      200 µs, a further row in it 3.
    - ``bytes_a_call`` 1 MiB of JSON: reading it takes a backend about as long as scoring the rows. Backends accept
      eight times that, so a call is never too large for them, even one of a single row that is larger than this.
    - ``maximum_waiting`` requests inside the gateway; at 2,000 a second 512 are a quarter of a second, the deadline.
    - ``maximum_lag_seconds``: if the process itself is that late, a new request would be too; it is refused while
      refusing is cheap.
    - ``explain_seconds`` 0.25, after the answer is known: a customer takes 4 ms (200 trees of depth 6, 19 features),
      the most that one request may ask for takes 0.12 s, and whoever wants reasons is about to read them.
    - ``maximum_explanations`` at once in this process: a backend explains one after the other, so more would only queue
      there, and each holds one of the connections that scoring needs.
    """

    try_seconds: float = 0.1
    deadline_seconds: float = 0.25
    useful_seconds: float = 0.005
    maximum_tries: int = 2
    calls_in_flight: int = 2
    rows_a_call: int = 256
    bytes_a_call: int = 1024 * 1024
    maximum_waiting: int = 512
    maximum_lag_seconds: float = 0.2
    explain_seconds: float = 0.25
    maximum_explanations: int = 8
    large: LargeRequestPolicy = LargeRequestPolicy()
    breaker: BreakerPolicy = BreakerPolicy()
    retry: RetryPolicy = RetryPolicy()

    def seconds_for(self, chunks: int) -> float:
        """How long a large request of so many chunks may take before the scorecard answers."""
        return self.deadline_seconds + (chunks - 1) * self.large.seconds_a_chunk
