"""`churn` as a program that draws no picture: nobody looks at those of this folder's champion, and drawing them takes a
fifth of its training. What else it does is what people get."""

import sys

from churn_cli.main import main
from tests.training.blank_pictures import draw_nothing

draw_nothing()

if __name__ == "__main__":
    sys.exit(main())
