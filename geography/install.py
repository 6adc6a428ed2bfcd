"""Installing a map in the bronze lake: the shipped one, or one that an operator imports."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import structlog

from geography.bronze_map import (
    Installed,
    latest_install,
    stored_polygons,
    write_grid,
    write_map,
)
from geography.grid import build_grid
from geography.lookup import cells_per_degree
from geography.map_checks import CheckedMap, check_map
from geography.map_coverage import Limits
from geography.map_file import MapFile, read_map, safe_name
from geography.shipped import SHIPPED_ATTRIBUTION, SHIPPED_MAP, shipped_sha256
from lake.commit import commit
from lake.engine import open_engine
from lake.home import Home
from lake.lakes import BRONZE, attach, current_snapshot, lake_exists
from lake.writer_lock import writer_lock

log = structlog.get_logger(__name__)
SHIPPED_SOURCE = "shipped:townships.geojson"


def install_default(home: Home, *, now: datetime | None = None) -> bool:
    """Install the shipped map where bronze has none; true when the lake changed.

    A shipped map of an older release is replaced, an imported one never; the grid is rebuilt when the lookup's cells
    have changed their size. Cheap when there is nothing to do.
    """
    if _is_current(_look(home)):
        return False
    map_file = read_map(SHIPPED_MAP, "WGS84", home.tmp)
    with writer_lock(home, BRONZE, purpose="installing the shipped map"), open_engine(home) as con:
        attach(con, home, BRONZE)
        installed = latest_install(con)  # again, under the lock: another process may have been first
        if _is_current(installed):
            return False
        if installed is not None and installed.source != SHIPPED_SOURCE:
            _rebuild_grid(con, installed, now)
            return True
        checked = check_map(map_file, "WGS84")
        _install(con, checked, map_file, "WGS84", SHIPPED_SOURCE, SHIPPED_ATTRIBUTION, now)
    return True


def import_map(
    home: Home,
    file: Path,
    datum: str = "WGS84",
    *,
    attribution: str = "",
    repair: bool = False,
    limits: Limits | None = None,
    now: datetime | None = None,
) -> dict[str, Any]:
    """Install township polygons from GeoJSON, GeoParquet or (zipped) Shapefile in place of the present map.

    Features need the properties code (9 digits), name_zh and name_en; `datum` is that of the file's degrees. Returns
    what was found and done (`status` "installed" or "already_installed"). Raises MapRefused or UnknownDatum, and then
    nothing has changed. A build sees the new row of geography_installs and places every date anew.
    """
    map_file = read_map(file, datum, home.ensure().tmp)
    checked = check_map(map_file, datum, repair=repair, limits=limits)
    report = {
        "file": str(file),
        "sha256": map_file.sha256,
        "datum": datum,
        "coordinate_system": map_file.coordinate_system,
        "townships": len(checked.townships),
        "is_approximate": bool(checked.townships.is_approximate.any()),
        "area_km2": round(checked.coverage.area_km2, 3),
        "overlap_km2": round(checked.coverage.overlap_km2, 6),
        "gap_km2": round(checked.coverage.gap_km2, 6),
        "repaired": checked.repaired,
        "warnings": checked.warnings,
    }
    with writer_lock(home, BRONZE, purpose=f"importing the map {safe_name(file)}"), open_engine(home) as con:
        attach(con, home, BRONZE)
        installed = latest_install(con)
        if installed and (installed.sha256, installed.datum) == (map_file.sha256, datum) and _is_current(installed):
            return {"status": "already_installed", **report, "snapshot": current_snapshot(con, BRONZE)}
        _install(con, checked, map_file, datum, safe_name(file), attribution, now)
        return {"status": "installed", **report, "snapshot": current_snapshot(con, BRONZE)}


def show(home: Home) -> dict[str, Any]:
    """The map in force: source, datum, attribution, and its townships with their areas; `installed` false without one."""
    installed = _look(home)
    if installed is None:
        return {"installed": False, "townships": []}
    with open_engine(home, temp=False) as con:
        attach(con, home, BRONZE, read_only=True)
        rows = con.execute(
            "SELECT area_code, name_zh, name_en, round(area_km2, 3) FROM bronze.geography_townships ORDER BY area_code"
        ).fetchall()
    return {
        "installed": True,
        "source": installed.source,
        "is_approximate": installed.is_approximate,
        "installed_at": installed.installed_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "sha256": installed.sha256,
        "datum": installed.datum,
        "attribution": installed.attribution,
        "area_km2": round(installed.area_km2, 3),
        "townships": [{"area_code": code, "name_zh": zh, "name_en": en, "area_km2": km2} for code, zh, en, km2 in rows],
    }


def _look(home: Home) -> Installed | None:
    if not lake_exists(home, BRONZE):
        return None
    with open_engine(home, temp=False) as con:
        attach(con, home, BRONZE, read_only=True)
        return latest_install(con)


def _is_current(installed: Installed | None) -> bool:
    if installed is None or installed.cells_per_degree != cells_per_degree():
        return False
    return installed.source != SHIPPED_SOURCE or installed.sha256 == shipped_sha256()


def _install(
    con: duckdb.DuckDBPyConnection,
    checked: CheckedMap,
    map_file: MapFile,
    datum: str,
    source: str,
    attribution: str,
    now: datetime | None,
) -> None:
    installed = Installed(
        installed_at=_moment(con, now),
        source=source,
        sha256=map_file.sha256,
        datum=datum,
        townships=len(checked.townships),
        is_approximate=bool(checked.townships.is_approximate.any()),
        area_km2=checked.coverage.area_km2,
        cells_per_degree=cells_per_degree(),
        attribution=attribution,
    )
    grid = build_grid(checked.townships.code.tolist(), checked.townships.geometry.tolist(), installed.cells_per_degree)
    with commit(con, BRONZE, author="geography", message=f"install the map {source}", extra=_extra(installed)):
        write_map(con, checked.townships, installed)
        write_grid(con, grid)
    log.info("map installed", source=source, townships=installed.townships, datum=datum, warnings=checked.warnings)


def _rebuild_grid(con: duckdb.DuckDBPyConnection, installed: Installed, now: datetime | None) -> None:
    """The same map on cells of another size; a row of its own says so, and no answer changes."""
    codes, polygons = stored_polygons(con)
    again = installed.rebuilt(_moment(con, now), cells_per_degree())
    with commit(con, BRONZE, author="geography", message="rebuild the lookup grid", extra=_extra(again)):
        write_map(con, None, again)
        write_grid(con, build_grid(codes, polygons, again.cells_per_degree))
    log.info("lookup grid rebuilt", source=again.source, cells_per_degree=again.cells_per_degree)


def _extra(installed: Installed) -> dict[str, Any]:
    return {"action": "geography", "source": installed.source, "sha256": installed.sha256}


def _moment(con: duckdb.DuckDBPyConnection, now: datetime | None) -> datetime:
    """`now` (aware; default the clock) in UTC without a zone, but after the latest install: the last row is in force."""
    moment = (now or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None)
    installed = latest_install(con)
    return moment if installed is None else max(moment, installed.installed_at + timedelta(microseconds=1))
