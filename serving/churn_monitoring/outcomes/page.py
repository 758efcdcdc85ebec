"""A report as one HTML page: what was earned, how good the probabilities were, and of whom nothing can be said.

The file needs nothing beside it, neither scripts nor fonts; the only module that knows HTML. It must not compute
anything.
"""

from pathlib import Path

import jinja2

from churn_data.written_files import whole_file
from churn_monitoring.outcomes.documents import NONE_KNOWN, STATE_WORDS, STATED, TOO_FEW, said
from churn_monitoring.outcomes.report import Report

TEMPLATE = "page.html.jinja"


def write_page(report: Report, path: Path) -> None:
    """Write a report's page, whole or not at all.

    Raises:
        DataError: the file cannot be written.
    """
    environment = jinja2.Environment(
        autoescape=True,
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = {
        "state_words": STATE_WORDS, "stated": STATED, "too_few": TOO_FEW, "none_known": NONE_KNOWN,
        "said": said(report),
    }  # fmt: skip
    page = environment.get_template(TEMPLATE).render(report=report, **words)
    with whole_file(path) as temporary:
        temporary.write_text(page, encoding="utf-8")
