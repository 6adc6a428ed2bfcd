"""What a reader sees of an AppTest page: the text of its HTML blocks and of Streamlit's own elements."""

from __future__ import annotations

import html
import json
import re

from streamlit.testing.v1 import AppTest

_TAG = re.compile(r"<[^>]+>")


def blocks(app: AppTest) -> list[str]:
    """The bodies of all st.html elements, without style sheets."""
    bodies = [str(element.value) for element in app.get("html")]
    return [body for body in bodies if "<style" not in body]


def text(app: AppTest) -> str:
    """All visible words of the page, tags taken out."""
    words = [html.unescape(_TAG.sub(" ", body)) for body in blocks(app)]
    for kind in ("title", "header", "caption", "markdown", "error", "warning", "success", "info", "code"):
        words += [str(element.value) for element in app.get(kind)]
    return " ".join(" ".join(words).split())


def tile(app: AppTest, name: str) -> str:
    """The HTML of the tile whose heading is `name`."""
    return next(body for body in blocks(app) if f"<h3>{name}</h3>" in body and "yj-tile" in body)


def charts(app: AppTest) -> list[str]:
    """The Vega-Lite specifications of the page, as JSON texts."""
    return [json.dumps(json.loads(element.proto.spec), ensure_ascii=False) for element in app.get("vega_lite_chart")]
