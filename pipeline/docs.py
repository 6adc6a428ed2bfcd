"""Documentation of models and of checked batches as plain pages, which open without internet.

`home.docs/dbt/index.html` is dbt's own documentation (models, columns, lineage) in one file; `home.docs/data_docs/index.html`
lists what Great Expectations found for each batch of each feed. Whoever serves `home.docs` as files, or opens one from the
disk, needs nothing else.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import structlog

from lake.engine import open_engine
from lake.home import Home
from lake.lakes import BRONZE, WAREHOUSE, LakeMissing, attach, current_snapshot
from lake.writer_lock import writer_lock
from pipeline.code_version import code_version
from pipeline.data_docs import build_data_docs
from pipeline.dbt_run import run_dbt

log = structlog.get_logger(__name__)
_STAMP = ".code_version"


def dbt_docs(home: Home) -> Path:
    """Where the documentation of the models is, once it has been built."""
    return home.docs / "dbt" / "index.html"


def data_docs(home: Home) -> Path:
    """Where the list of checked batches is, once it has been built."""
    return home.docs / "data_docs" / "index.html"


def build_docs(home: Home, *, only_if_changed: bool = False) -> dict[str, Any]:
    """Write both; with `only_if_changed` the models' pages only where models, contracts or rulebook have changed.

    Returns {"dbt": path, "data_docs": path, "batches": number}. Raises LookupError before the first build, RuntimeError
    when dbt fails; the pages of before stay then.
    """
    stamp = dbt_docs(home).with_name(_STAMP)
    version = code_version()
    if not (only_if_changed and stamp.is_file() and stamp.read_text() == version and dbt_docs(home).is_file()):
        _build_dbt_docs(home)
        stamp.write_text(version)
    batches = build_data_docs(home, data_docs(home).parent)
    return {"dbt": str(dbt_docs(home)), "data_docs": str(data_docs(home)), "batches": batches}


def refresh_docs(home: Home) -> str:
    """Bring the pages up to date after a build: where they are. Pages that cannot be written are told, and stop nothing."""
    try:
        return str(build_docs(home, only_if_changed=True)["dbt"])
    except Exception as error:
        log.warning("documentation was not brought up to date", because=str(error)[:300])
        return f"not brought up to date: {error}"


def _build_dbt_docs(home: Home) -> None:
    with writer_lock(home, WAREHOUSE, purpose="documenting the models") as lock, open_engine(home, temp=False) as con:
        try:
            attach(con, home, WAREHOUSE, read_only=True)
            attach(con, home, BRONZE, read_only=True)
            snapshot = current_snapshot(con, BRONZE)
        except LakeMissing as error:
            raise LookupError("nothing built yet: `yunjian build`") from error
        con.close()
        run = run_dbt(
            home, ["docs", "generate", "--static"], bronze_snapshot=snapshot, run_id="docs", pass_fds=(lock.fileno,)
        )
    if not run.passed:
        raise RuntimeError("; ".join(f"{failure['node']}: {failure['message']}" for failure in run.failures))
    made = home.root / "dbt" / "target" / "static_index.html"
    target = dbt_docs(home)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.move(made, draft)
    os.replace(draft, target)
    log.info("models documented", page=str(target))
