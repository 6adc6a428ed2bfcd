"""Received bytes go when their time is over: as soon as retention has deleted every row they gave.

The manifest stays, without the bytes: what was received, when, and that it is gone, can still be shown. Bytes that never
gave a row (rejected files) go once they are older than the feed's retention, and so do files set aside in its inbox.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from ingestion.contracts import Contract
from ingestion.set_aside import expire_set_aside
from ingestion.store import Manifest, landed_path, manifests
from lake.engine import open_engine
from lake.home import Home
from lake.lakes import BRONZE, attach, lake_exists
from lake.relations import table_names

log = structlog.get_logger()


def expire_received(
    home: Home, contracts: Iterable[Contract], now: datetime, *, dry_run: bool = False
) -> dict[str, Any]:
    """Deletes received bytes whose rows have all expired, and what was set aside as long ago as a feed's rows are kept.
    Returns {"files", "bytes"}; `now` is an aware instant."""
    contracts = list(contracts)
    removed = {"files": 0, "bytes": 0}
    for contract in contracts:
        kept_from = now - timedelta(days=contract.retention_days)
        files, size = expire_set_aside(home, contract.feed, kept_from, dry_run=dry_run)
        removed["files"] += files
        removed["bytes"] += size
    if not lake_exists(home, BRONZE):
        return removed
    moment = now.astimezone(UTC).replace(tzinfo=None)
    for contract in contracts:
        over = _with_all_rows_expired(home, contract.feed)
        before = moment - timedelta(days=contract.retention_days)
        living = _with_rows(home, contract.feed)
        for manifest in manifests(home, contract.feed):
            path = landed_path(home, manifest)
            unused = manifest.sha256 not in living and _landed_at(manifest) < before
            if not path.is_file() or not (manifest.sha256 in over or unused):
                continue
            removed["files"] += 1
            removed["bytes"] += path.stat().st_size
            if not dry_run:
                path.unlink()
            log.info("received bytes expired", feed=contract.feed, file=manifest.file, dry_run=dry_run)
    return removed


def _landed_at(manifest: Manifest) -> datetime:
    return max(delivery.landed_at for delivery in manifest.deliveries)


def _with_all_rows_expired(home: Home, feed: str) -> set[str]:
    return _hashes(
        home,
        f"""SELECT a.file_sha256 FROM {BRONZE}.landing_accounting AS a
            LEFT JOIN {BRONZE}.expired_dates AS e ON e.feed = a.feed AND e.business_date = a.business_date
            WHERE a.feed = ? GROUP BY ALL HAVING count(*) FILTER (e.business_date IS NULL) = 0""",
        feed,
    )


def _with_rows(home: Home, feed: str) -> set[str]:
    return _hashes(home, f"SELECT DISTINCT file_sha256 FROM {BRONZE}.landing_accounting WHERE feed = ?", feed)


def _hashes(home: Home, sql: str, feed: str) -> set[str]:
    with open_engine(home) as con:
        attach(con, home, BRONZE, read_only=True)
        known = "landing_accounting" in table_names(con, BRONZE, "main")
        return {str(row[0]) for row in con.execute(sql, [feed]).fetchall()} if known else set()
