from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingestion.contracts import load_contract
from ingestion.expiry import expire_received
from ingestion.landing import land_files
from ingestion.store import landed_path, manifests
from lake.home import Home
from lake.maintenance import maintain

HEAD = (
    "id_number,name,phone,sex,birth_date,household_type,township_code,community_code,registered_on,valid_until,status"
)
ROW = "99011719900101{n:04d},Z,100,male,1990-01-01,registered,310117001,310117001001,2020-01-01,,active"


def test_received_people_are_deleted_with_the_last_of_their_rows(home: Home, tmp_path: Path) -> None:
    contract = load_contract("population_records")
    days = [datetime(2026, 3, 1, 2, tzinfo=UTC), datetime(2026, 3, 20, 2, tzinfo=UTC)]
    for number, day in enumerate(days):
        file = tmp_path / f"population_records_{day:%Y-%m-%d}_1.csv"
        file.write_text(f"{HEAD}\n{ROW.format(n=number)}\n")
        land_files(home, "population_records", [file], now=day)
    unreadable = tmp_path / "population_records_2026-03-01_2.xlsx"
    unreadable.write_bytes(b"no workbook")
    land_files(home, "population_records", [unreadable], now=days[0])

    later = days[0] + timedelta(days=contract.retention_days + 2)
    assert expire_received(home, [contract], later, dry_run=True)["files"] == 1  # only the file that gave no row
    maintain(home, retention_days={"population_records": contract.retention_days}, now=later)
    assert expire_received(home, [contract], later)["files"] == 2
    kept = [manifest for manifest in manifests(home, "population_records") if landed_path(home, manifest).is_file()]
    assert [delivery.file_date.isoformat() for m in kept for delivery in m.deliveries if delivery.file_date] == [
        "2026-03-20"
    ]
    assert len(list(manifests(home, "population_records"))) == 3  # that they were received can still be shown
    assert expire_received(home, [contract], later) == {"files": 0, "bytes": 0}
