"""A local start over small real services: it comes up as one, mends itself, and goes as one."""

import os
import signal
import time
from collections.abc import Callable

import psutil
import pytest

from churn_serving.local.processes import PATIENCE_SECONDS
from tests.local.starts import Start, accepts, wait_until

StartServices = Callable[..., Start]


def test_everything_comes_up_and_is_written_down(start: StartServices, free_ports: list[int]) -> None:
    first, second = free_ports[:2]
    running = start(f"one:{first}", f"two:{second}")
    running.wait_ready()
    up = running.up
    assert up["ready"] is True
    assert 0 < up["seconds_to_ready"] < 60
    assert {name: process["port"] for name, process in up["processes"].items()} == {"one": first, "two": second}
    assert all(psutil.pid_exists(process["pid"]) for process in up["processes"].values())
    assert "one is ready after" in running.output


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0), (signal.SIGHUP, 0)])
def test_a_signal_ends_everything(
    start: StartServices, free_ports: list[int], number: signal.Signals, code: int
) -> None:
    port, escapee = free_ports[:2]
    running = start(f"one:{port}:--escapee:{escapee}")
    running.wait_ready()
    wait_until(lambda: accepts(escapee))
    running.signal(number)
    assert running.wait_end() == code
    assert running.leftovers() == []
    assert not accepts(port)
    assert not accepts(escapee)
    assert not running.up_file.exists()


def test_a_signal_while_starting_ends_everything(start: StartServices, free_ports: list[int]) -> None:
    running = start(f"one:{free_ports[0]}")
    wait_until((running.home / "logs" / "one.log").exists)
    running.signal(signal.SIGTERM)
    assert running.wait_end() == 0
    assert running.leftovers() == []


def test_the_guard_ends_everything_when_the_supervisor_is_killed(start: StartServices, free_ports: list[int]) -> None:
    port, escapee, other = free_ports[:3]
    running = start(f"one:{port}:--escapee:{escapee}", f"two:{other}")
    running.wait_ready()
    wait_until(lambda: accepts(escapee))
    running.signal(signal.SIGKILL)
    running.wait_end()
    wait_until(lambda: not running.leftovers())
    assert not any(accepts(each) for each in (port, escapee, other))
    assert not running.up_file.exists()


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.1, 0.15, 0.2, 0.3])
def test_the_guard_ends_what_had_only_begun(start: StartServices, free_ports: list[int], delay: float) -> None:
    running = start(f"one:{free_ports[0]}", f"two:{free_ports[1]}")
    wait_until(running.home.exists)
    time.sleep(delay)
    running.signal(signal.SIGKILL)
    running.wait_end()
    wait_until(lambda: not running.leftovers())


def test_a_traceback_stays_in_the_log(start: StartServices, free_ports: list[int]) -> None:
    running = start(f"one:{free_ports[0]}:--crash")
    assert running.wait_end() == 1
    reason = "  | RuntimeError: the reader is lost: TimeoutError\none ended with exit code 1, 5 times in a row"
    assert reason in running.output
    assert "Traceback" not in running.output
    assert "File " not in running.output
    log = (running.home / "logs" / "one.log").read_text()
    assert "Traceback (most recent call last)" in log
    assert ", in crash" in log


def test_a_killed_service_is_started_again(start: StartServices, free_ports: list[int]) -> None:
    running = start(f"one:{free_ports[0]}", f"two:{free_ports[1]}")
    running.wait_ready()
    killed, untouched = running.pid("one"), running.pid("two")
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: running.pid("one") != killed)
    assert running.pid("two") == untouched
    assert accepts(free_ports[0])
    assert "one was ended by SIGKILL; starting it again in 0.05 s" in running.output


def test_a_service_that_keeps_ending_ends_everything(start: StartServices, free_ports: list[int]) -> None:
    running = start(f"one:{free_ports[0]}", f"two:{free_ports[1]}:--end:3")
    assert running.wait_end() == 1
    assert running.output.count("two ended with exit code 3; starting it again in") == 4
    reason = "  | the model is not to be had\ntwo ended with exit code 3, 5 times in a row just after its start\n"
    assert reason in running.output
    assert running.leftovers() == []


@pytest.mark.parametrize("code", [2, 3])
def test_what_nobody_needs_holds_up_nothing(start: StartServices, free_ports: list[int], code: int) -> None:
    running = start(f"one:{free_ports[0]}", f"spare:{free_ports[1]}:--end:{code}")
    running.wait_ready()
    assert running.up["ready"] is True
    assert accepts(free_ports[0])
    log = running.home / "logs" / "spare.log"
    wait_until(lambda: f"spare is not ready yet; the others do without it (log: {log})" in running.output)
    wait_until(lambda: running.output.count("spare ended with exit code") > 6)
    assert accepts(free_ports[0])


def test_a_service_that_refuses_its_input_is_not_started_again(start: StartServices, free_ports: list[int]) -> None:
    running = start(f"one:{free_ports[0]}:--end:2")
    assert running.wait_end() == 2
    assert "  | the model is not to be had\none ended with exit code 2\n" in running.output


def test_a_second_signal_does_not_wait_for_a_deaf_service(start: StartServices, free_ports: list[int]) -> None:
    running = start(f"one:{free_ports[0]}:--deaf")
    running.wait_ready()
    running.signal(signal.SIGINT)
    wait_until(lambda: "stopping" in running.output)
    time.sleep(0.3)
    assert accepts(free_ports[0])
    before = time.monotonic()
    running.signal(signal.SIGINT)
    assert running.wait_end() == 130
    assert time.monotonic() - before < PATIENCE_SECONDS
    assert running.leftovers() == []


def test_a_stopped_service_ends_without_waiting(start: StartServices, free_ports: list[int]) -> None:
    running = start(f"one:{free_ports[0]}")
    running.wait_ready()
    os.kill(running.pid("one"), signal.SIGSTOP)
    before = time.monotonic()
    running.signal(signal.SIGTERM)
    assert running.wait_end() == 0
    assert time.monotonic() - before < PATIENCE_SECONDS


def test_a_dead_guard_ends_everything(start: StartServices, free_ports: list[int]) -> None:
    running = start(f"one:{free_ports[0]}")
    running.wait_ready()
    guards = [p for p in psutil.Process(running.process.pid).children() if "churn_serving.local.guard" in p.cmdline()]
    guards[0].kill()
    assert running.wait_end() == 1
    assert "the guard was ended from outside" in running.output
    assert running.leftovers() == []


def test_a_second_start_says_that_one_runs(start: StartServices, free_ports: list[int]) -> None:
    running = start(f"one:{free_ports[0]}")
    running.wait_ready()
    second = start(f"two:{free_ports[1]}")
    assert second.wait_end() == 2
    assert f"runs already with {running.home} (process {running.process.pid})" in second.output
    assert second.output.count("\n") == 1
    assert running.up_file.exists()
    assert accepts(free_ports[0])


def test_logs_of_the_start_before_are_kept(start: StartServices, free_ports: list[int]) -> None:
    for _ in range(2):
        running = start(f"one:{free_ports[0]}:--end:2")
        running.wait_end()
    logs = running.home / "logs"
    assert "not to be had" in (logs / "one.log").read_text()
    assert "not to be had" in (logs / "one.log.1").read_text()
