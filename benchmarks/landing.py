"""Landing as an arm: a fresh installation, one feed, and what it accounted for."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.arena import Arm

NOW = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)


def landed(feed: str, files: Sequence[str]) -> Arm:
    """An arm that lands `files` (names below the data folder) with everything landing does, into an empty lake.

    They lie in the inbox, on disk, when the clock starts: to deliver them was their sender's work.
    """

    def deliver(data: Path, room: Path) -> None:
        inbox = room / "var" / "inbox" / feed
        inbox.mkdir(parents=True)
        for name in files:
            shutil.copyfile(data / name, inbox / name)
        os.sync()

    def work(data: Path, room: Path) -> dict[str, object]:
        from ingestion.inbox import land_inbox
        from lake.home import Home

        report = land_inbox(Home(room / "var").ensure(), feed, now=NOW)
        totals = {
            key: sum(int(f[key]) for f in report.as_json()["files"])
            for key in ("received", "accepted", "quarantined", "duplicate")
        }
        assert totals["received"] == totals["accepted"] + totals["quarantined"] + totals["duplicate"]
        return totals

    def warm() -> None:
        # The gate's library, the scanner's machine code and DuckDB's extensions are loaded, and their signatures checked, once a
        # process: not part of landing a file, as to load DuckDB is not part of the bare read.
        import ingestion.landing  # noqa: F401, I001 - which says how Arrow is to be loaded
        import great_expectations  # noqa: F401
        from ingestion.scanning.scanner import CsvScanner, ObjectScanner
        from lake.engine import open_engine
        from lake.home import Home
        from lake.lakes import BRONZE, attach

        for scanner in (CsvScanner([], ","), ObjectScanner([])):
            scanner.scan(Path(os.devnull), 0, 1)
        with tempfile.TemporaryDirectory() as folder:
            home = Home(Path(folder)).ensure()
            with open_engine(home) as con:
                attach(con, home, BRONZE)

    work.warm = warm  # type: ignore[attr-defined]
    work.deliver = deliver  # type: ignore[attr-defined]
    return work


def bare(sql: str) -> Arm:
    """An arm that runs one statement in a bare DuckDB of the same memory and threads; `{data}` and `{room}` are folders."""

    def work(data: Path, room: Path) -> dict[str, object]:
        import duckdb

        with duckdb.connect(config={"threads": 2, "memory_limit": "4GB"}) as con:
            count = con.execute(sql.format(data=data, room=room)).fetchone()
        return {"received": count[0] if count else 0}

    def warm() -> None:
        import duckdb  # noqa: F401

    work.warm = warm  # type: ignore[attr-defined]
    return work
