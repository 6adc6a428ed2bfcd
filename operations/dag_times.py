"""When a DAG runs by itself."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable

ZONE = "Asia/Shanghai"


def at(cron: str) -> CronTriggerTimetable:
    """The times of `cron` in Shanghai; a DAG that is new runs first at the next of them.

    Airflow would, for a tenth of the time between two runs, also make up for the one before the DAG was there
    (`run_immediately=False` does not keep it from that, no time to look back does): on a first evening every feed was
    landed twice, the second time from an empty inbox.
    """
    return CronTriggerTimetable(cron, timezone=ZONE, run_immediately=timedelta(0))
