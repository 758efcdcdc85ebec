"""Packages are opened beside each other by threads, from the first moment of a process on."""

import subprocess
import sys
from pathlib import Path
from typing import Any

PROCESSES = 8  # of the former code every second ended by a segmentation fault
_PROGRAM = """
import sys, threading
from pathlib import Path
from churn_model import open_package
from churn_model.signing import TrustedKeys

folder, key = map(Path, sys.argv[1:])
trusted = TrustedKeys.load(key)
sys.setswitchinterval(1e-7)
together = threading.Barrier(8)

def open_one():
    together.wait()
    open_package(folder, trusted)

threads = [threading.Thread(target=open_one) for _ in range(together.parties)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_first_readings_at_the_same_time_end_no_process(package_folder: Path, keys: Any) -> None:
    command = [sys.executable, "-c", _PROGRAM, str(package_folder), str(keys.verify_path)]
    for _ in range(PROCESSES):
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (ended.returncode, ended.stderr) == (0, "")
