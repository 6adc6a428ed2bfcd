"""The export of cases, from file to bronze: what the times of a case must say together."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from ingestion.contracts import load_contract
from ingestion.quarantine import refused_rows
from lake.home import Home
from tests.ingestion.landed import assert_balanced, land, rows

EXAMPLES = Path(__file__).parents[2] / "examples" / "feeds"
# filed, closed, suspended from, suspended until; the column it is refused for.
LIVES = [
    ("2026-11-02 10:00:00", "2026-11-03 10:00:00", "2026-11-02 12:00:00", "2026-11-02 18:00:00", None),
    ("2026-11-02 10:00:00", "2026-11-02 10:00:00", "2026-11-02 12:00:00", "2026-11-02 12:00:00", None),
    ("2026-11-02 10:00:00", "", "2026-11-02 12:00:00", "", None),
    ("2026-11-02 10:00:00", "", "", "", None),
    ("2026-11-02 10:00:00", "2026-11-01 10:00:00", "", "", "closed_at"),
    ("2026-11-02 10:00:00", "", "2026-11-02 12:00:00", "2026-11-02 11:59:59", "suspended_until"),
]


def test_a_case_closed_before_it_was_filed_or_resumed_before_it_was_suspended_is_refused(home: Home) -> None:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["case_id", "source", "category_code", "filed_at", "closed_at", "suspended_from", "suspended_until"])
    lines.writerows([f"case {n}", "patrol", "random_garbage", *life[:-1]] for n, life in enumerate(LIVES))
    land(home, "cases", "cases_2026-11-22.csv", text.getvalue().encode())
    assert [(row["line"], row["field"], row["reason"]) for row in refused_rows(home, "cases")] == [
        (line, field, "period_reversed") for line, (*_, field) in enumerate(LIVES, 2) if field
    ]
    kept = rows(home, "SELECT case_id FROM bronze.cases ORDER BY case_id")
    assert [row["case_id"] for row in kept] == [f"case {n}" for n, life in enumerate(LIVES) if not life[-1]]
    assert_balanced(home)


@pytest.mark.parametrize("feed", ["cases", "city_cases"])
def test_every_contract_of_cases_puts_their_closing_after_their_filing(
    feed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YUNJIAN_CONTRACTS", str(EXAMPLES))
    assert ("filed_at", "closed_at") in load_contract(feed).ascending
