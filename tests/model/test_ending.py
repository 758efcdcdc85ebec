"""A command's exit code is its own, whatever threads of its libraries still do."""

import subprocess
import sys
from pathlib import Path

import pytest

READING = """
import io, sys, time
import pyarrow, pyarrow.csv

class Slow(io.BytesIO):
    times = 0
    def read(self, size=-1):
        self.times += 1
        if self.times > 1:  # read ahead, by a thread of Arrow, while Python ends
            time.sleep(0.3)
        return super().read(size)

source = pyarrow.PythonFile(Slow(b"a,b\\n" + b"1,2\\n" * 200_000), mode="r")
reader = pyarrow.csv.open_csv(source, pyarrow.csv.ReadOptions(block_size=1 << 14))
next(iter(reader))
"""
"""Reads a table's first rows; a later piece is under way when the process ends."""


def ended(program: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_a_command_ends_with_its_own_code_while_a_table_is_read_ahead(tmp_path: Path) -> None:
    program = f"{READING}\nfrom churn_cli.__main__ import main\nsys.exit(main())"
    found = ended(program, tmp_path, "validate", "--usecase", "telecom", "--data", "nothing.csv")
    assert found.returncode == 2, found.stderr
    assert "nothing.csv" in found.stderr
    assert "terminate" not in found.stderr


@pytest.mark.parametrize("code", [0, 2, 3])
def test_what_python_does_at_its_end_is_done(tmp_path: Path, code: int) -> None:
    program = f"""{READING}
import atexit, tempfile, threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from churn_model.ending import leave

folder = tempfile.TemporaryDirectory(dir=".", prefix="goes-")
atexit.register(Path("registered").touch)
threading.Thread(target=lambda: (time.sleep(0.2), Path("waited").touch())).start()
ThreadPoolExecutor().submit(Path("pooled").touch)
sys.stdout.write("said")
leave({code})
"""
    found = ended(program, tmp_path)
    assert (found.returncode, found.stdout, found.stderr) == (code, "said", "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pooled", "registered", "waited"]


def test_who_cannot_be_told_is_no_success(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        program = (
            "import sys\nfrom churn_model.ending import leave\nsys.stdout = open(1, 'w')\n"
            "sys.stdout.write('said')\nsys.exit(leave(0))"
        )
        found = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE)  # noqa: PLW1510
    assert found.returncode == 120
    assert b"No space left" in found.stderr
