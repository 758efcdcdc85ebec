"""The page of documentation says what people read in it: bounds that mean something, examples, names as code."""

import re
from base64 import b64encode
from hashlib import sha256
from typing import Any

import pytest

from churn_serving.gateway.documentation_html import POLICY, page

_FLOATS = {"type": "number", "minimum": -3.4028234663852886e38, "maximum": 3.4028234663852886e38}


def _page(field: dict[str, Any], description: str = "") -> str:
    body = {"application/json": {"schema": {"properties": {"tenure": field}}}}
    operation = {"summary": "Asks", "description": description, "requestBody": {"content": body}}
    return page({"info": {"title": "T"}, "paths": {"/p": {"post": operation}}})


@pytest.mark.parametrize(
    ("field", "words"),
    [
        pytest.param(_FLOATS, "number", id="bounds of the computer's numbers"),
        pytest.param({"type": "integer", "minimum": 0, "maximum": 2**63 - 1}, "integer (at least 0)", id="one bound"),
        pytest.param({"type": "number", "minimum": 0.0, "maximum": 0.5}, "number (at least 0, at most 0.5)", id="both"),
        pytest.param(
            {"anyOf": [{"type": "string", "maxLength": 256}, _FLOATS, {"type": "null"}]},
            "string (length at most 256) or number or null",
            id="several kinds",
        ),
        pytest.param(
            {"type": "string", "examples": ["<a>", "b"]},
            "string (such as &quot;&lt;a&gt;&quot;, &quot;b&quot;)",
            id="examples",
        ),
    ],
)
def test_a_field_is_described_in_few_words(field: dict[str, Any], words: str) -> None:
    assert f"<td><code>tenure</code></td><td>{words}, may be left out</td>" in _page(field)


def test_names_between_backticks_are_code_and_nothing_else_is_markup() -> None:
    assert "<p>With <code>a &lt; b</code>, <code>c</code>.</p>" in _page({}, "With `a < b`, `c`.")


def test_the_page_fits_dark_and_narrow_screens() -> None:
    shown = _page({})
    assert '<meta name="viewport" content="width=device-width">' in shown
    assert "color-scheme: light dark" in shown


def test_its_policy_lets_its_own_style_show_and_nothing_else_run() -> None:
    (style,) = re.findall(r"<style>(.*?)</style>", _page({}), re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in POLICY
    assert "unsafe" not in POLICY
    assert "default-src 'none'" in POLICY
    assert not re.search(r" style=|<script| on[a-z]+=", _page({}))


def test_every_operation_is_reached_from_the_top_and_shows_how_it_is_asked() -> None:
    asked = {"summary": "Asks", "x-codeSamples": [{"label": "curl", "source": "curl '<a>'"}]}
    shown = page({"info": {"title": "T"}, "paths": {"/p": {"get": asked, "post": asked}}})
    for place in re.findall(r'<a href="#(\w+)">', shown):
        assert f'<h2 id="{place}">' in shown
    assert shown.count("<pre>curl &#x27;&lt;a&gt;&#x27;</pre>") == 2
