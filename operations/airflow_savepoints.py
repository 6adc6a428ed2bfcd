"""On SQLite, Airflow's savepoints take the write lock before anything is read under them.

A savepoint begins SQLite's transaction as a reader. When another process commits between that read and the first write
under it, SQLite refuses the write at once ("database is locked"), however long a writer is told to wait: what was read is
no longer the newest state. `airflow backfill create` looks for a run and then makes it under a savepoint, so beside a busy
scheduler it ended that way now and then, leaving a backfill without runs that also barred the next one.

Airflow imports this through `$AIRFLOW_HOME/config/airflow_local_settings.py`, its own hook for such settings.
"""

from __future__ import annotations

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine


def take_the_write_lock_at_savepoints(engine: Engine | type[Engine] = Engine) -> None:
    """Listens to `engine`, or to every engine of this process. Other databases than SQLite are left alone."""
    event.listen(engine, "savepoint", _begin_as_writer)


def _begin_as_writer(connection: Connection, _name: str) -> None:
    if connection.dialect.name == "sqlite" and not connection.connection.driver_connection.in_transaction:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
