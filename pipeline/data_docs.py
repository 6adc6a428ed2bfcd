"""Great Expectations' pages made readable in a closed network.

Its own pages fetch style sheets, scripts and pictures from half a dozen hosts, and one of those pictures tells its maker
which installation was looked at. Here they lose all of that and get a style sheet of ours; the list of batches, which its
scripts would draw, is written as a plain table.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ingestion.expectations import write_pages
from lake.home import Home

STYLE = Path(__file__).with_name("data_docs.css")
_SITE = Path("gx", "uncommitted", "data_docs", "local_site")
_RESULTS = Path("gx", "uncommitted", "validations")
# Scripts, whole; links to style sheets; pictures from elsewhere; forms and frames; the footer, an advertisement.
_FOREIGN = re.compile(
    r"<script\b.*?</script\s*>|<link\b[^>]*>|<img\b[^>]*\bsrc\s*=\s*[\"']?(?:https?:)?//[^>]*>"
    r"|<iframe\b.*?</iframe\s*>|<form\b.*?</form\s*>|<footer\b.*?</footer\s*>",
    re.IGNORECASE | re.DOTALL,
)
_FOREIGN_STYLE = re.compile(r"url\(\s*[\"']?(?:https?:)?//[^)]*\)", re.IGNORECASE)
_FOREIGN_ANCHOR = re.compile(r"<a\b[^>]*\bhref\s*=\s*[\"'](?:https?:)?//[^>]*>(.*?)</a\s*>", re.IGNORECASE | re.DOTALL)
_HANDLER = re.compile(r"\son\w+\s*=\s*(\"[^\"]*\"|'[^']*')", re.IGNORECASE)
# Should anything have been missed, the browser still fetches nothing.
_POLICY = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'\">"
)


@dataclass(frozen=True)
class Page:
    """One checked batch, as the list shows it; `path` is relative to the list."""

    feed: str
    checked_at: datetime
    batch: str
    success: bool
    met: int
    declared: int
    path: str


def build_data_docs(home: Home, target: Path) -> int:
    """Write the pages of every feed below `target`, and `target/index.html`; returns the number of batches.

    Built aside and swapped in, so that a reader never finds half of it.
    """
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    pages = []
    for feed in sorted(path.name for path in home.data_docs.glob("*") if (path / _RESULTS).is_dir()):
        write_pages(home, feed)
        site = home.data_docs / feed / _SITE
        for page in sorted(site.rglob("*.html")):
            place = aside / feed / page.relative_to(site)
            place.parent.mkdir(parents=True, exist_ok=True)
            up = "../" * (len(place.relative_to(aside).parts) - 1)
            place.write_text(offline(page.read_text(encoding="utf-8"), style=f"{up}{STYLE.name}"), encoding="utf-8")
        pages += _pages(home.data_docs / feed, aside, feed)
    shutil.copyfile(STYLE, aside / STYLE.name)
    (aside / "index.html").write_text(_index(pages), encoding="utf-8")
    before = target.with_name(f".{target.name}.old")
    shutil.rmtree(before, ignore_errors=True)
    if target.exists():
        target.rename(before)
    aside.rename(target)
    shutil.rmtree(before, ignore_errors=True)
    return len(pages)


def offline(page: str, *, style: str) -> str:
    """A page without anything that is fetched from elsewhere or runs, with the style sheet at `style`."""
    page = _FOREIGN.sub("", page)
    page = _FOREIGN_ANCHOR.sub(r"\1", page)
    page = _FOREIGN_STYLE.sub("none", page)
    page = _HANDLER.sub("", page)
    head = f'{_POLICY}<link rel="stylesheet" href="{html.escape(style)}">'
    return re.sub(r"(<head\b[^>]*>)", lambda found: found.group(1) + head, page, count=1, flags=re.IGNORECASE)


def _pages(folder: Path, aside: Path, feed: str) -> list[Page]:
    found = []
    for result in (folder / _RESULTS).rglob("*.json"):
        facts = json.loads(result.read_text(encoding="utf-8"))
        path = Path(feed, "validations", result.relative_to(folder / _RESULTS)).with_suffix(".html")
        if not (aside / path).is_file():
            continue
        statistics = facts["statistics"]
        found.append(
            Page(
                feed=feed,
                checked_at=datetime.fromisoformat(facts["meta"]["run_id"]["run_time"]),
                batch=facts["meta"]["run_id"]["run_name"],
                success=facts["success"],
                met=statistics["successful_expectations"],
                declared=statistics["evaluated_expectations"],
                path=path.as_posix(),
            )
        )
    return sorted(found, key=lambda page: page.checked_at, reverse=True)


def _index(pages: list[Page]) -> str:
    rows = "".join(
        f'<tr><td>{html.escape(page.feed)}</td><td><a href="{html.escape(page.path)}">{html.escape(page.batch)}</a></td>'
        f"<td>{page.checked_at:%Y-%m-%d %H:%M:%S}</td><td>{page.met} / {page.declared}</td>"
        f"<td>{'通过 met' if page.success else '未通过 not met'}</td></tr>\n"
        for page in pages
    )
    return (
        f'<!DOCTYPE html>\n<html lang="zh">\n<head><meta charset="UTF-8">{_POLICY}'
        f'<link rel="stylesheet" href="{STYLE.name}"><title>批次校验 Checked batches</title></head>\n<body>'
        "<h1>批次校验 Checked batches</h1>\n<table><thead><tr><th>数据源 feed</th><th>批次 batch</th>"
        "<th>校验时间 checked at (UTC)</th><th>符合 expectations met</th><th>结果 outcome</th></tr></thead>\n"
        f"<tbody>\n{rows}</tbody></table></body>\n</html>\n"
    )
