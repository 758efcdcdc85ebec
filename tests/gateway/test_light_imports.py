"""A gateway's image has none of the libraries that compute: nothing that it loads may ask for one."""

import subprocess
import sys

ABSENT = ("catboost", "duckdb", "mlflow", "numpy", "pandas", "pyarrow", "scipy", "sklearn")
PROGRAM = f"""
import sys
for name in {ABSENT!r}:
    sys.modules[name] = None  # as if it were not installed
import churn_serving.gateway.__main__, churn_serving.gateway.bootstrap
"""


def test_a_gateway_loads_no_library_that_computes() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
