"""The camera register and the hourly camera status of one business date."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sample_district.calendar_day import HOUR_MS, day_start_ms
from sample_district.cameras import DATUMS, KINDS
from sample_district.csv_faults import CAMERA_STATUS, CAMERAS, bad_csv_lines
from sample_district.datum import as_reported
from sample_district.delivery import Delivery
from sample_district.detection_faults import repeated_lines
from sample_district.detection_truth import DISTRICT_CODE
from sample_district.district import District
from sample_district.lines import Lines
from sample_district.outages import Outages
from sample_district.seeding import random_stream
from sample_district.terrain import Ints

COVERAGE_FLOOR = 0.6
_REGISTER_HEADER = b"camera_id,township_code,longitude,latitude,datum,kind,installed_on,retired_on\n"
_STATUS_HEADER = b"camera_id,hour,online_seconds\n"


class CameraDays:
    """Writes the register and the status of each day of a run."""

    def __init__(self, district: District) -> None:
        self.district = district
        self.truth: dict[str, Any] = {}

    def write(self, day: date, outages: Outages) -> Iterator[Delivery]:
        """Both files of the day; `truth` holds the day's coverage by area when they are written."""
        yield self._register(day)
        status, online = self._status(day, outages)
        yield status
        self.truth = self._coverage(day, online)

    def _register(self, day: date) -> Delivery:
        district = self.district
        cameras, out = district.cameras, district.out
        x, y = cameras.longitude.copy(), cameras.latitude.copy()
        for index, name in enumerate(DATUMS):
            here = cameras.register_datum == index
            x[here], y[here] = as_reported(cameras.longitude[here], cameras.latitude[here], name)
        has_less = day == district.fault_days.missing_column
        columns = {
            "camera_id": pl.Series(cameras.camera_id),
            "township_code": pl.Series(district.terrain.codes)[cameras.area],
            "longitude": x.round(6),
            "latitude": y.round(6),
            "datum": pl.Series(DATUMS)[cameras.register_datum],
            "kind": pl.Series(KINDS)[cameras.kind],
            "installed_on": pl.Series(cameras.installed_on.astype("datetime64[D]")).cast(pl.Date).dt.to_string("iso"),
            "retired_on": pl.Series(cameras.retired_on).cast(pl.Date).dt.to_string("iso").fill_null(""),
        }
        header = _REGISTER_HEADER
        if has_less:
            columns.pop("kind")
            header = header.replace(b"kind,", b"")
        frame = pl.DataFrame(columns)
        lines = Lines.of_series(frame.select((pl.concat_str(frame.columns, separator=",") + "\n").alias("l"))["l"])
        delivery = Delivery("cameras", f"cameras_{day}_p01.csv", "csv", day, header)
        delivery.count_good(day, lines.count)
        if has_less:
            delivery.note_fault("schema_drift_missing_column", lines.count, verdict="accepted", field="kind")
        rng = random_stream(district.seed, "camera faults", day)
        planted = bad_csv_lines(rng, lines, header, CAMERAS, day, rows_a_set=10_000)
        planted += repeated_lines(rng, lines, 2, day)
        delivery.write_lines(out, lines, planted)
        return delivery

    def _status(self, day: date, outages: Outages) -> tuple[Delivery, Ints]:
        """Status rows; also seconds online per camera and hour, -1 where nothing was reported."""
        district = self.district
        cameras, kind = district.cameras, district.scale.status_format
        rng = random_stream(district.seed, district.scale.name, "camera status", day)
        online = np.where(rng.random((cameras.count, 24)) < 0.93, 3_600, rng.integers(900, 3_600, (cameras.count, 24)))
        working = cameras.in_service(day)
        online[outages.dark | ~working[:, None]] = -1
        hour, camera = np.nonzero(online.T >= 0)
        starts = pl.Series([f"{day}T{h:02d}:00:00+08:00" for h in range(24)])
        frame = pl.DataFrame(
            {
                "camera_id": pl.Series(cameras.camera_id)[camera],
                "hour": starts[hour],
                "online_seconds": online.T[hour, camera],
            }
        )
        delivery = Delivery("camera_status", f"camera_status_{day}_p01.{kind}", kind, day)
        delivery.count_good(day, frame.height)
        self._note_darkness(delivery, day, outages, working)
        if kind == "parquet":
            moments = pl.Series(day_start_ms(day) + hour * HOUR_MS).cast(pl.Datetime("ms")).dt.replace_time_zone("UTC")
            buffer = io.BytesIO()
            seconds = pl.col("online_seconds").cast(pl.Int32)
            frame.with_columns(moments.alias("hour"), seconds).write_parquet(buffer, compression="zstd")
            delivery.write_bytes(district.out, [buffer.getvalue()])
            return delivery, online
        delivery.header = _STATUS_HEADER
        lines = Lines.of_series(frame.select((pl.concat_str(frame.columns, separator=",") + "\n").alias("l"))["l"])
        faults_rng = random_stream(district.seed, "status faults", day)
        planted = bad_csv_lines(faults_rng, lines, _STATUS_HEADER, CAMERA_STATUS, day, rows_a_set=100_000)
        planted += repeated_lines(faults_rng, lines, 3, day)
        delivery.write_lines(district.out, lines, planted)
        return delivery, online

    def _note_darkness(self, delivery: Delivery, day: date, outages: Outages, working: NDArray[np.bool_]) -> None:
        cameras = self.district.cameras
        dark = outages.dark & working[:, None]
        hours = dark.sum(1)
        delivery.note_fault(
            "dark_cameras",
            int((hours > 0).sum()),
            verdict="absent",
            camera_hours=int(hours.sum()),
            cameras_dark_all_day=int((hours == 24).sum()),
            cameras=cameras.camera_id[hours == 24][:50].tolist(),
            note="neither status rows nor detections in these hours",
        )
        if outages.dark_township:
            delivery.note_fault(
                "dark_township",
                1,
                verdict="absent",
                area_code=outages.dark_township,
                business_date=day.isoformat(),
                note=f"coverage below {COVERAGE_FLOOR}: what cameras feed must be withheld here, never 0",
            )

    def _coverage(self, day: date, online: Ints) -> dict[str, Any]:
        district = self.district
        working = district.cameras.in_service(day)

        def area(chosen: NDArray[np.bool_]) -> dict[str, Any]:
            cameras = int((working & chosen).sum())
            mine = online[working & chosen]
            reported, seconds = int((mine >= 0).sum()), int(mine[mine >= 0].sum())
            expected = cameras * 24
            return {
                "cameras": cameras,
                "expected_hours": expected,
                "observed_hours": reported,
                "coverage": round(reported / expected, 8) if expected else None,
                "online_seconds": seconds,
                "camera_online_rate": round(seconds / (expected * 3_600), 8) if expected else None,
                "online_rate_of_observed": round(seconds / (reported * 3_600), 8) if reported else None,
                "is_below_floor": bool(expected and reported / expected < COVERAGE_FLOOR),
            }

        everywhere = np.ones(district.cameras.count, dtype=bool)
        by_area = {DISTRICT_CODE: area(everywhere)}
        for index, code in enumerate(district.terrain.codes):
            by_area[code] = area(district.cameras.area == index)
        return by_area
