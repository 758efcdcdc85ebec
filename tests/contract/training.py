"""`churn` as a program that draws no picture: nobody looks at those of this folder's champion, and drawing them takes a
fifth of its training. What else it does is what people get."""

import sys
from importlib import import_module

from churn_cli.main import main

import_module("churn_training.runs.pictures")._save = lambda _, path: path.touch()  # type: ignore[attr-defined]

if __name__ == "__main__":
    sys.exit(main())
