"""What was refused and why: counts by reason, and the refused rows themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ingestion.contracts import load_contract
from ingestion.sealing import TextSealer
from lake.engine import open_engine
from lake.home import Home
from lake.lakes import BRONZE, LakeMissing, attach
from lake.relations import table_names

_OPEN = f"FROM {BRONZE}.quarantine WHERE state = 'open' AND ($feed IS NULL OR feed = $feed)"


def list_quarantine(home: Home, feed: str | None = None) -> list[dict[str, Any]]:
    """Open refusals of a feed (or of all): one entry a file, field, rule and reason, with a count and first line.

    Rejected files are listed beside them, with reason, field `file` and no line. Raises UnknownFeed, unless something of
    a feed that has a contract no more is still here.
    """
    found = _rows(
        home,
        f"""
        SELECT feed, file_name AS file, field, rule, reason, count(*) AS rows, min(line) AS first_line,
               max(quarantined_at)::VARCHAR AS quarantined_at
        {_OPEN} GROUP BY ALL
        UNION ALL
        SELECT feed, file_name, 'file', reason, reason, 0, NULL, landed_at::VARCHAR
        FROM {BRONZE}.landing_files WHERE status = 'rejected' AND ($feed IS NULL OR feed = $feed)
        ORDER BY ALL
        """,
        {"feed": feed},
    )
    if feed is not None and not found:
        load_contract(feed)
    return found


def refused_rows(
    home: Home,
    feed: str,
    *,
    file: str | None = None,
    rule: str | None = None,
    limit: int = 100,
    unseal: bool = False,
    noting: Callable[[list[dict[str, Any]]], object] | None = None,
) -> list[dict[str, Any]]:
    """Open refused rows with their raw content, of one file and one rule where these are given.

    Raw content that is kept sealed only when `unseal` is asked for; `noting` is given the rows whose content is about to
    be opened, where there are any. Raises UnknownFeed as `list_quarantine`, and what `noting` raises.
    """
    rows = _rows(
        home,
        f"SELECT file_name AS file, line, field, rule, reason, all_reasons, raw, raw_sealed, business_date::VARCHAR "
        f"AS business_date {_OPEN} AND ($file IS NULL OR file_name = $file) AND ($rule IS NULL OR rule = $rule) "
        "ORDER BY file_name, line LIMIT $limit",
        {"feed": feed, "file": file, "rule": rule, "limit": limit},
    )
    if not rows:
        load_contract(feed)
    sealed = [row for row in rows if row["raw_sealed"] is not None] if unseal else []
    if sealed and noting is not None:
        noting(sealed)
    sealer = TextSealer(home) if sealed else None  # a key is made at first use
    for row in rows:
        token = row.pop("raw_sealed")
        if sealer is not None and token is not None:
            row["raw"] = sealer.open(token)
    return rows


def _rows(home: Home, sql: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    with open_engine(home) as con:
        try:
            attach(con, home, BRONZE, read_only=True)
        except LakeMissing:
            return []  # nothing has landed yet
        if "quarantine" not in table_names(con, BRONZE, "main"):
            return []
        found = con.execute(sql, parameters)
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
