import os
import subprocess
import sys
import threading

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from operations.airflow_config import metadata_connection, write_config
from operations.airflow_savepoints import take_the_write_lock_at_savepoints


@pytest.fixture
def engines(home):
    """Two processes' engines on one metadata database in WAL mode, as Airflow sets it."""
    home.airflow.mkdir(parents=True, exist_ok=True)
    made = [create_engine(metadata_connection(home)) for _ in range(2)]
    with made[0].begin() as connection:
        connection.execute(text("PRAGMA journal_mode = WAL"))
        connection.execute(text("CREATE TABLE dag_run (run_id VARCHAR)"))
    yield made
    for engine in made:
        engine.dispose()


def read_then_write_under_a_savepoint(ours, other):
    """As `airflow backfill create` does; another process writes between the two. Returns whether it waited for us."""
    with ours.connect() as connection:
        with connection.begin_nested():
            connection.execute(text("SELECT count(*) FROM dag_run")).scalar()
            writer = threading.Thread(target=write, args=(other,))
            writer.start()
            writer.join(timeout=1)
            waited = writer.is_alive()
            connection.execute(text("INSERT INTO dag_run VALUES ('backfill__1')"))
        connection.commit()
    writer.join(timeout=20)
    return waited


def write(engine):
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO dag_run VALUES ('scheduled__1')"))


def runs(engine):
    with engine.connect() as connection:
        return {row[0] for row in connection.execute(text("SELECT run_id FROM dag_run"))}


def test_a_run_made_under_a_savepoint_waits_for_other_writers_and_makes_them_wait(engines):
    take_the_write_lock_at_savepoints(engines[0])
    assert read_then_write_under_a_savepoint(*engines), "the other writer waits until the backfill is made"
    assert runs(engines[0]) == {"backfill__1", "scheduled__1"}


def test_sqlite_alone_refuses_it_at_once(engines):
    """Why the module is there: when this no longer fails, it can go."""
    with pytest.raises(OperationalError, match="database is locked"):
        read_then_write_under_a_savepoint(*engines)


def test_a_savepoint_that_is_rolled_back_leaves_no_lock_behind(engines):
    take_the_write_lock_at_savepoints(engines[0])
    with engines[0].connect() as connection:
        nested = connection.begin_nested()
        connection.execute(text("INSERT INTO dag_run VALUES ('refused')"))
        nested.rollback()
        connection.execute(text("INSERT INTO dag_run VALUES ('kept')"))
        connection.commit()
        write(engines[1])
    assert runs(engines[1]) == {"kept", "scheduled__1"}


UNDER_A_SAVEPOINT_OF_AIRFLOW = """
import sqlite3
from airflow import settings

settings.initialize()
with settings.engine.connect() as connection, connection.begin_nested():
    try:
        sqlite3.connect(settings.engine.url.database, timeout=0).execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        print(error)
"""


def test_airflows_own_processes_do_so(home):
    write_config(home, 18080)
    done = subprocess.run(
        [sys.executable, "-c", UNDER_A_SAVEPOINT_OF_AIRFLOW],
        env=os.environ | {"AIRFLOW_HOME": str(home.airflow), "AIRFLOW_CONFIG": str(home.airflow / "airflow.cfg")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1:] == ["database is locked"]
