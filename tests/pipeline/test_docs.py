"""Documentation opens from the disk and fetches nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ingestion.expectations import Expectations, Limit
from lake.home import Home
from pipeline.data_docs import build_data_docs, offline
from pipeline.docs import build_docs, data_docs, dbt_docs

pytestmark = pytest.mark.timeout(900)
# What a browser would fetch by itself, or run.
FETCHED = re.compile(
    r"<(?:script|link|img|iframe|source)\b[^>]*(?:src|href)\s*=\s*[\"']?(?:https?:)?//|@import|url\(\s*[\"']?(?:https?:)?//"
)


def judged(home: Home, feed: str, share: float) -> None:
    expectations = Expectations(home, feed, [Limit("refused_share", "stop", maximum=0.5)])
    expectations.judge({"refused_share": share}, f"{share}".ljust(64, "a"))


def test_pages_of_batches_fetch_nothing_and_tell_the_outcome(home: Home) -> None:
    judged(home, "truck_gps", 0.1)
    judged(home, "cameras", 0.9)
    assert build_data_docs(home, home.docs / "data_docs") == 2
    pages = list((home.docs / "data_docs").rglob("*.html"))
    assert len(pages) >= 5  # the list, and for each feed its own list, suite and batch
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not FETCHED.search(text), page
        assert "<script" not in text
        assert "newsletter" not in text
        assert "Content-Security-Policy" in text
    index = data_docs(home).read_text(encoding="utf-8")
    assert index.count("not met") == 1
    for link in re.findall(r'href="([^"]+)"', index):
        assert (home.docs / "data_docs" / link).is_file(), link
    batch = next((home.docs / "data_docs" / "cameras" / "validations").rglob("*.html")).read_text(encoding="utf-8")
    assert "refused_share" in batch
    style = re.search(r'rel="stylesheet" href="([^"]+)"', batch)
    assert style is not None


def test_the_list_is_replaced_whole_and_may_be_empty(home: Home) -> None:
    assert build_data_docs(home, home.docs / "data_docs") == 0
    assert build_data_docs(home, home.docs / "data_docs") == 0
    assert [path.name for path in home.docs.iterdir()] == ["data_docs"]


@pytest.mark.parametrize(
    "hostile",
    [
        '<script src="https://cdn.example/x.js"></script>',
        "<SCRIPT>fetch('//x.example')</SCRIPT >",
        '<link href="//cdn.example/x.css" rel="stylesheet">',
        '<img class="a"\n src="https://telemetry.example/x.png?id=1" alt="x"/>',
        '<div style="background: url(https://x.example/y.png)">',
        '<iframe src="https://x.example"></iframe>',
        '<p onclick="steal()">',
        '<a href="https://x.example/newsletter">news</a>',
    ],
)
def test_nothing_foreign_is_left_in_a_page(hostile: str) -> None:
    page = offline(f"<html><head><title>t</title></head><body>{hostile}kept</body></html>", style="s.css")
    body = page.split("</head>")[1]
    assert "example" not in body
    assert "steal" not in body
    assert "kept" in body


def test_the_models_are_one_page_that_needs_no_network(district: Home) -> None:
    result = build_docs(district)
    page = dbt_docs(district)
    assert result["dbt"] == str(page)
    text = page.read_text(encoding="utf-8")
    assert "mart_kpi_incidents" in text
    assert "One row per KPI, area and business date" in text
    assert not re.search(r"<(?:script|link|img)\b[^>]*(?:src|href)\s*=\s*[\"']?(?:https?:)?//", text)
    before = page.stat().st_mtime_ns
    build_docs(district, only_if_changed=True)
    assert Path(page).stat().st_mtime_ns == before
