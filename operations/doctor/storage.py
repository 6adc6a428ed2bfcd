"""Where data comes in and lies: inbox, keys, the two lakes."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from lake.engine import open_engine
from lake.home import Home
from lake.lakes import BRONZE, WAREHOUSE, attach, catalog_file, current_snapshot, lake_exists
from operations.doctor.finding import Finding, note, ok, wrong


def inbox(home: Home) -> Finding:
    from ingestion.contracts import all_contracts
    from ingestion.inbox import pending

    feeds = {contract.feed for contract in all_contracts()}
    folders = [path for path in home.inbox.iterdir() if path.is_dir()] if home.inbox.is_dir() else []
    closed = [path.name for path in folders if not os.access(path, os.R_OK | os.W_OK | os.X_OK)]
    if closed:
        return wrong(
            f"landing cannot read and empty inbox/{', inbox/'.join(closed)}", f"chown -R {os.getuid()} {home.inbox}"
        )
    strange = sorted(path.name for path in folders if path.name not in feeds)
    if strange:
        return wrong(
            f"no feed is called {', '.join(strange)}: files there are never landed",
            "rename the folder to one of `yunjian feeds`, or add the feed's contract",
        )
    waiting = {feed: len(pending(home, feed)) for feed in sorted(feeds)}
    told = ", ".join(f"{feed} {count}" for feed, count in waiting.items() if count)
    return ok(f"files waiting: {told}" if told else "nothing waits")


def keys(home: Home) -> Finding:
    if not home.secrets.is_dir():
        return note("no keys yet: the first landing of personal data makes them")
    files = [home.secrets, *(path for path in home.secrets.iterdir() if path.is_file())]
    configuration = home.airflow / "airflow.cfg"
    files += [configuration] if configuration.exists() else []
    open_ones = [str(path) for path in files if _mode(path) & 0o077]
    if open_ones:
        return wrong(
            f"others may read {', '.join(open_ones)}",
            f"chmod 700 {home.secrets}; chmod 600 {home.secrets}/* {configuration}",
        )
    return ok(f"{len(files) - 1} files, for their owner alone")


def bronze(home: Home) -> Finding:
    return _lake(home, BRONZE)


def warehouse(home: Home) -> Finding:
    return _lake(home, WAREHOUSE)


def _lake(home: Home, name: str) -> Finding:
    if not lake_exists(home, name):
        return note("not made yet: its first writer makes it")
    catalog = catalog_file(home, name)
    if catalog is not None and _mode(catalog) & 0o077:
        return wrong(f"others may read {catalog}", f"chmod 600 {catalog}*")
    with open_engine(home, temp=False) as con:
        attach(con, home, name, read_only=True)
        snapshot = current_snapshot(con, name)
        count = con.execute("SELECT count(*) FROM duckdb_tables() WHERE database_name = ?", [name]).fetchone()
    return ok(f"{count[0] if count else 0} tables at snapshot {snapshot}")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
