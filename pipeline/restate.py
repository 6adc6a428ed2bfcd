"""Restatements as people handle them: what changed of published figures, and the approval of what is pending."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import duckdb

from lake.engine import open_engine
from lake.home import Home
from lake.lakes import WAREHOUSE, attach
from lake.restatements import record_approvals
from lake.writer_lock import writer_lock
from pipeline.publish import publish_edition

STATES = ("pending", "published", "approved", "superseded")


def list_restatements(
    home: Home,
    *,
    state: str | None = None,
    kpi_code: str | None = None,
    area_code: str | None = None,
    month: date | None = None,
    business_date: date | None = None,
) -> list[dict[str, Any]]:
    """The restatements the serving edition tells of, newest first; `month` is any day of a month.

    Raises LookupError when nothing has been published, or what was is older than the ledger; ValueError for a state
    that does not exist.
    """
    if state is not None and state not in STATES:
        raise ValueError(f"no restatement is {state!r}: {', '.join(STATES)}")
    if not home.published_file.exists():
        raise LookupError("nothing has been published yet")
    with duckdb.connect(str(home.published_file), read_only=True) as con:
        try:
            found = con.execute(
                """SELECT * FROM restatements
                   WHERE ($state IS NULL OR state = $state) AND ($kpi IS NULL OR kpi_code = $kpi)
                     AND ($area IS NULL OR area_code = $area) AND ($day IS NULL OR business_date = $day)
                     AND ($month IS NULL OR date_trunc('month', business_date) = date_trunc('month', $month::DATE))
                   ORDER BY edition DESC, kpi_code, area_code, business_date""",
                {"state": state, "kpi": kpi_code, "area": area_code, "day": business_date, "month": month},
            )
        except duckdb.CatalogException:
            raise LookupError("the serving edition has no restatements yet: publish again") from None
        names = [column[0] for column in found.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    for row in rows:
        row["evidence"] = json.loads(row["evidence"] or "{}")
        row["row_ids"] = json.loads(row["row_ids"] or "null")
    return rows


def approve_restatements(
    home: Home,
    ids: Sequence[str] = (),
    *,
    approved_by: str,
    reason: str,
    kpi_code: str | None = None,
    month: date | None = None,
    now: datetime | None = None,
    publish: bool = True,
) -> dict[str, Any]:
    """Let pending changes of closed months take effect, and publish the edition that carries them.

    Those named by `ids` (their beginnings are enough), or all that are pending of a KPI or month. Returns
    {"approved": [ids], "approved_by", "reason", "publication"}. Raises ValueError without a name or reason, or when
    nothing was chosen; LookupError for an id that is not pending.
    """
    moment = now or datetime.now(UTC)
    if not ids and kpi_code is None and month is None:
        raise ValueError("say which: ids as `yunjian restate list` shows them, a month or a KPI")
    with writer_lock(home, WAREHOUSE, purpose="approving restatements"), open_engine(home) as con:
        pending = list_restatements(home, state="pending", kpi_code=kpi_code, month=month)
        chosen = _chosen([str(row["restatement_id"]) for row in pending], ids)
        attach(con, home, WAREHOUSE)
        record_approvals(con, chosen, approved_by=approved_by, reason=reason, now=moment)
    publication = publish_edition(home, reason=f"approved by {approved_by}: {reason}", now=moment) if publish else None
    return {"approved": chosen, "approved_by": approved_by, "reason": reason, "publication": publication}


def _chosen(pending: Sequence[str], ids: Sequence[str]) -> list[str]:
    if not ids:
        if not pending:
            raise LookupError("nothing is pending there")
        return sorted(pending)
    chosen = set()
    for one in ids:
        matching = [known for known in pending if one and known.startswith(one)]
        if len(matching) != 1:
            raise LookupError(f"{one!r} names {len(matching)} pending restatements")
        chosen.add(matching[0])
    return sorted(chosen)
