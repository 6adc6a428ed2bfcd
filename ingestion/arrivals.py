"""A file that has come: whether its name can be believed, whether its bytes have landed before, and their place."""

from __future__ import annotations

from datetime import datetime, timedelta

from ingestion.adapters import FileRejected
from ingestion.contracts import Contract
from ingestion.file_names import date_in, received_in
from ingestion.landing_run import Arrival, ChangedWhileRead, LandingRun
from ingestion.report import FileReport
from ingestion.rules.compiler import SHANGHAI_HOURS
from ingestion.store import Delivery, Manifest, keep
from lake.lakes import BRONZE


def believe_name(contract: Contract, now: datetime, name: str) -> None:
    """Raises FileRejected for a file named for a day to come: it would be the latest of its feed until that day.

    Unread and not kept, so that landing's files made again into a lake do not depend on when they came. A day's grace is
    for clocks and for registers sent the evening before. A reference's date is no business date.
    """
    latest = now + timedelta(days=1)
    received_at = received_in(name)
    if received_at is not None and received_at > latest:
        raise FileRejected("received_in_future", f"{received_at}Z, now {now}Z")
    day = None if contract.mode == "reference" else date_in(name)
    if day is not None and day > (latest + timedelta(hours=SHANGHAI_HOURS)).date():
        raise FileRejected("date_in_future", f"{day}, today {(now + timedelta(hours=SHANGHAI_HOURS)).date()}")


def keep_bytes(run: LandingRun, arrival: Arrival) -> None:
    """Give the bytes, once they are on disk, their place in landing: before any commit that speaks of them.

    Raises ChangedWhileRead when they are not the bytes that were parsed.
    """
    if arrival.kept:
        return
    if not arrival.received.unchanged():
        raise ChangedWhileRead
    arrival.kept = True
    delivery = Delivery(arrival.received.name, arrival.received_at, arrival.name_date, run.now)
    contract, received = run.contract, arrival.received
    manifest = Manifest(
        feed=contract.feed,
        sha256=received.sha256,
        bytes=received.size,
        file=received.landed_name,
        sealed=received.sealed,
        contract_version=contract.version,
        deliveries=(delivery,),
    )
    keep(run.home, received.incoming, manifest)


def landed_before(run: LandingRun, arrival: Arrival) -> FileReport | None:
    """The earlier landing of the same bytes; a register's same bytes under another date are another snapshot."""
    same_size = run.con.execute(
        f"SELECT 1 FROM {BRONZE}.landing_files WHERE feed = ? AND bytes = ? AND status = 'landed' LIMIT 1",
        [run.contract.feed, arrival.received.size],
    ).fetchone()
    if same_size is None:
        return None  # so there is no need to wait for the hash
    dated = run.contract.business_date_column is None and arrival.name_date is not None
    row = run.con.execute(
        f"SELECT received, accepted, quarantined, duplicate, late FROM {BRONZE}.landing_files "
        "WHERE feed = ? AND file_sha256 = ? AND status = 'landed'" + (" AND file_date = ?" if dated else ""),
        [run.contract.feed, arrival.sha256, *([arrival.name_date] if dated else [])],
    ).fetchone()
    if row is None:
        return None
    return FileReport(arrival.received.name, arrival.sha256, "already_landed", *row)
