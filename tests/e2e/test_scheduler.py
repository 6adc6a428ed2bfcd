"""The platform as `make up` starts it: sample -> inbox -> Airflow's scheduler -> build -> edition -> portal."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from ingestion.contracts import all_contracts
from lake.home import Home
from lake.reader import query
from operations.airflow_config import config_file
from tests.e2e.platform_process import ALLOWED, Platform

DAYS = 2
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A running platform that started from nothing; each test leaves it running and at rest."""
    running = Platform(Home(tmp_path_factory.mktemp("platform") / "var"), DAYS)
    running.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(autouse=True)
def at_rest(platform: Platform) -> None:
    platform.wait_until_quiet()


def published(platform: Platform, sql: str) -> list[tuple]:
    with duckdb.connect(str(platform.home.published_file), read_only=True) as con:
        return con.execute(sql).fetchall()


def serving(platform: Platform) -> tuple[str, str]:
    """Edition and content hash of the file that serves."""
    return published(platform, "SELECT edition, content_hash FROM editions ORDER BY edition DESC LIMIT 1")[0]


def test_the_scheduler_carries_the_sample_days_to_the_published_file(platform):
    dates = published(platform, "SELECT DISTINCT business_date FROM data_accounting ORDER BY 1")
    assert len(dates) >= DAYS
    feeds = dict(published(platform, "SELECT feed, sum(accepted)::BIGINT FROM data_accounting GROUP BY feed"))
    assert set(feeds) == {contract.feed for contract in all_contracts()}
    assert all(feeds.values())
    unbalanced = "SELECT * FROM data_accounting WHERE received <> accepted + quarantined + duplicate"
    assert published(platform, unbalanced) == []
    values = published(platform, "SELECT count(*) FROM kpi_values WHERE area_code = '310117' AND status = 'ok'")
    assert values[0][0] > 20
    states = {run["dag_id"]: run["run_type"] for run in platform.airflow.latest_runs() if run["state"] == "success"}
    assert {"build_governance_kpis", "publish_edition"} <= states.keys(), "by the scheduler, not by hand"


def test_addresses_and_sign_in_are_printed_and_answer(platform):
    assert f"Portal   http://127.0.0.1:{platform.portal_port}" in platform.text
    assert f"Airflow  http://127.0.0.1:{platform.airflow_port}" in platform.text
    for port, path in ((platform.portal_port, "/_stcore/health"), (platform.airflow_port, "/api/v2/version")):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
            assert answer.status == 200
    assert platform.airflow.dags()["land_trucks"] is False


def test_the_start_stayed_under_four_gibibytes(platform):
    assert 0 < platform.peak_bytes < ALLOWED, f"{platform.peak_bytes / 2**30:.2f} GiB"


def test_running_and_clearing_again_changes_nothing(platform):
    before = serving(platform)
    assert platform.run("build_governance_kpis") == "success"
    latest = next(r for r in platform.airflow.latest_runs() if r["dag_id"] == "land_trucks" and r["state"] == "success")
    platform.airflow._signed(
        "POST",
        "/dags/land_trucks/clearTaskInstances",
        {"dag_run_id": latest["dag_run_id"], "dry_run": False, "only_failed": False},
    )
    assert platform.wait_for("land_trucks", latest["dag_run_id"]) == "success"
    platform.wait_until_quiet()
    assert serving(platform) == before


def test_a_backfill_changes_nothing(platform):
    before = serving(platform)
    command = [sys.executable, "-m", "airflow", "backfill", "create", "--dag-id", "land_cameras"]
    command += ["--from-date", "2026-11-01", "--to-date", "2026-11-02"]
    environment = os.environ | {
        "AIRFLOW_HOME": str(platform.home.airflow),
        "AIRFLOW_CONFIG": str(config_file(platform.home)),
        "YUNJIAN_HOME": str(platform.home.root),
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    platform.wait_until_quiet()
    runs = [r for r in platform.airflow.latest_runs() if r["dag_id"] == "land_cameras" and r["run_type"] == "backfill"]
    assert runs
    assert {run["state"] for run in runs} == {"success"}
    assert serving(platform) == before


def test_a_failed_feed_names_its_file_and_stops_neither_its_other_files_nor_other_feeds(platform, tmp_path):
    day = published(platform, "SELECT max(business_date) FROM data_accounting")[0][0]
    truck = b"plate_no,terminal_id,carrier,approved_on,valid_until\n"
    register = "沪A12345,013912345678,东明渣土,2026-01-01,2027-01-01\n".encode()
    put(platform, "trucks", f"trucks_{day}_broken.csv", b"\xff\xfe\x00 this is no register\n")
    put(platform, "trucks", f"trucks_{day}_zz.csv", truck + register)
    put(platform, "camera_status", f"camera_status_{day}_zz.csv", b"camera_id,hour,online_seconds\n")
    failing = platform.airflow.trigger("land_trucks")
    fine = platform.airflow.trigger("land_camera_status")
    assert platform.wait_for("land_trucks", failing) == "failed"
    assert platform.wait_for("land_camera_status", fine) == "success"
    tasks = platform.tasks("land_trucks", failing)
    assert (tasks["land_inbox"]["state"], tasks["report_refused"]["state"]) == ("success", "failed")
    told = platform.log("land_trucks", failing, "report_refused")
    for part in ("feed trucks", f"trucks_{day}_broken.csv", f"date {day}"):
        assert part in told
    landed = query(platform.home, f"SELECT file_name FROM bronze.landing_files WHERE file_name = 'trucks_{day}_zz.csv'")
    assert len(landed["rows"]) == 1
    assert list(Path(platform.home.inbox / "trucks").glob("*.csv")) == []


def test_stopping_ends_every_process_and_a_further_start_continues(platform):
    before = serving(platform)
    seconds, left = platform.stop()
    assert left == []
    assert seconds < 15
    assert platform.process.returncode == 0
    assert "stopped: every process has ended" in platform.text
    platform.start()
    assert "making a sample district" not in platform.text
    assert serving(platform)[1] == before[1]
    assert platform.airflow.dags()["build_governance_kpis"] is False


def put(platform: Platform, feed: str, name: str, content: bytes) -> None:
    draft = platform.home.inbox / feed / f".{name}"
    draft.write_bytes(content)
    draft.rename(draft.with_name(name))
