"""A million customers in one file: seconds and peak memory of reading and scoring them, beside pandas.

`make bench-batch DATA=telco.csv` trains a model at its defaults, makes the file by repeating and shaking the real
customers, and measures each way in a process of its own, in turns: the machine's mood is everybody's.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROWS = 1_000_000
WAYS = ("read", "score", "pandas")


def main() -> None:
    """Make what is missing, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="IBM's telecom customers, CSV")
    parser.add_argument("--folder", type=Path, default=Path(".bench/batch"), help="for what is made (%(default)s)")
    parser.add_argument("--rows", type=int, default=ROWS, help="customers in the file (%(default)s)")
    parser.add_argument("--turns", type=int, default=3, help="measurements of each way (%(default)s)")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.way:
        print(json.dumps(_measured(options)))  # noqa: T201 - what the process is for
        return
    _make_file(options.data, _million(options), options.rows)
    _train(options)
    for way in WAYS:
        turns = [_in_a_process(options, way) for _ in range(options.turns)]
        seconds = sorted(turn["seconds"] for turn in turns)
        memory = max(turn["mebibytes"] for turn in turns)
        processor = min(turn["processor"] for turn in turns)
        spread = f"{seconds[len(seconds) // 2]:6.2f} s ({seconds[0]:.2f} to {seconds[-1]:.2f})"
        line = f"{way:8} {spread}  {processor:6.2f} s of processors  {memory:5.0f} MiB"
        print(line, flush=True)  # noqa: T201 - the result


def _million(options: argparse.Namespace) -> Path:
    return Path(options.folder) / f"customers-{options.rows}.csv"


def _make_file(data: Path, target: Path, rows: int) -> None:
    """Real customers again and again, each with an id of its own and a charge that is shaken by up to a unit."""
    if target.exists():
        return
    header, *lines = data.read_text(encoding="utf-8").splitlines()
    source = random.Random(1)
    charge = header.split(",").index("MonthlyCharges")
    with target.open("w", encoding="utf-8") as stream:
        stream.write(header + "\n")
        for number in range(rows):
            cells = lines[number % len(lines)].split(",")
            cells[0] = f"{number:07d}-{cells[0][5:]}"
            cells[charge] = f"{float(cells[charge]) + source.randint(-100, 100) / 100:.2f}"
            stream.write(",".join(cells) + "\n")


def _train(options: argparse.Namespace) -> None:
    home = options.folder / "home"
    if (home / "packages").exists():
        return
    command = ["train", "--usecase", "telecom", "--data", str(options.data), "--budget", "0", "--force-promote"]
    environment = {**os.environ, "CHURN_HOME": str(home)}
    subprocess.run([sys.executable, "-m", "churn_cli", *command], check=True, env=environment)


def _in_a_process(options: argparse.Namespace, way: str) -> dict[str, float]:
    arguments = ["--data", options.data, "--folder", options.folder, "--rows", options.rows, "--way", way]
    command = [sys.executable, __file__, *map(str, arguments)]
    environment = {**os.environ, "CHURN_HOME": str(options.folder / "home")}
    ended = subprocess.run(command, check=True, env=environment, capture_output=True, text=True)
    measured: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return measured


def _measured(options: argparse.Namespace) -> dict[str, float]:
    ways: dict[str, Any] = {"read": _read, "score": _score, "pandas": _pandas}
    seconds = ways[options.way](options)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    processor = usage.ru_utime + usage.ru_stime
    return {"seconds": seconds, "processor": processor, "mebibytes": usage.ru_maxrss / 1024}


def _read(options: argparse.Namespace) -> float:
    """All cells of the file, typed, as training reads them."""
    from churn_data.sources import read_customers
    from churn_model.usecase import load_usecase

    started = time.perf_counter()
    dataset = read_customers(_million(options), load_usecase("telecom"))
    assert len(dataset) == options.rows
    return time.perf_counter() - started


def _score(options: argparse.Namespace) -> float:
    """`churn score`, imports and all."""
    started = time.perf_counter()
    from churn_cli.main import main as churn

    assert churn(["score", str(_million(options)), str(options.folder / "answers.csv")]) == 0
    return time.perf_counter() - started


def _pandas(options: argparse.Namespace) -> float:
    """What people write: read, one-hot and scaled numbers, a classifier, a file of ids and probabilities. Fitting it on
    the real customers does not count, imports do."""
    started = time.perf_counter()
    import pandas
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    imported = time.perf_counter() - started
    known = pandas.read_csv(options.data, na_values=[" "])
    features = known.drop(columns=["customerID", "Churn"])
    numbers = list(features.select_dtypes("number").columns)
    categories = [name for name in features.columns if name not in numbers]
    pipeline = make_pipeline(
        make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), categories),
            (make_pipeline(SimpleImputer(), StandardScaler()), numbers),
        ),
        LogisticRegression(max_iter=1000),
    ).fit(features, known["Churn"] == "Yes")
    started = time.perf_counter()
    frame = pandas.read_csv(_million(options), na_values=[" "])
    probabilities = pipeline.predict_proba(frame.drop(columns=["customerID", "Churn"]))[:, 1]
    answers = pandas.DataFrame({"id": frame["customerID"], "churn_probability": probabilities})
    answers.to_csv(options.folder / "pandas.csv", index=False)
    return time.perf_counter() - started + imported


if __name__ == "__main__":
    main()
