"""A run of dbt as one commit of the warehouse: readers see all that a build made, or nothing of it.

dbt commits model by model. In a lake each commit costs a dozen queries of the catalog, a new table has the whole
catalog read anew, and whoever reads meanwhile sees the models of two builds. Here the statements of all models go into
one transaction on one connection, whatever dbt begins, commits or rolls back in between.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import duckdb
from dbt.adapters.duckdb import environments
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.environments.local import DuckDBConnectionWrapper, DuckDBCursorWrapper, LocalEnvironment
from dbt_common.exceptions import DbtRuntimeError

from lake.commit import commit, synced_meanwhile
from lake.home import Home
from lake.lakes import WAREHOUSE, data_path
from lake.settings import Settings
from pipeline.dbt_run import NOT_RUN, RUN_VARIABLE

_OF_DBT = ("begin", "commit", "rollback")


@contextmanager
def one_commit() -> Iterator[None]:
    """What dbt does to the warehouse within the block is committed at its end, or not at all where a statement failed.

    Raises what DuckDB does when it cannot be committed. Checks that find something wrong are no failed statements: what
    they found is there to be looked at, and is not published.
    """
    runs: list[_WholeRun] = []

    def create(credentials: DuckDBCredentials) -> _WholeRun:
        runs.append(_WholeRun(credentials))
        return runs[-1]

    environments.create = create
    try:
        yield
    except BaseException:
        for run in runs:
            run.undo()
        raise
    for run in runs:
        run.end()


class _WholeRun(LocalEnvironment):
    """dbt-duckdb's environment, which hands out the same connection each time, within a transaction."""

    def __init__(self, credentials: DuckDBCredentials) -> None:
        super().__init__(credentials)
        self.conn: duckdb.DuckDBPyConnection | None = None
        self.failed = False
        self._transaction = ExitStack()

    def handle(self) -> _Handle:
        with self.lock:
            if self.conn is None:
                self.conn = self.initialize_db(self.creds, self._plugins)
                self.initialize_cursor(self.creds, self.conn, self._plugins)
                run_id = os.environ.get(RUN_VARIABLE, "")
                said: Any = {"author": "build", "message": f"models of build {run_id}"}
                extra = {"action": "build", "run_id": run_id}
                self._transaction.enter_context(commit(self.conn, WAREHOUSE, **said, extra=extra))
                if Settings.current().sync_files:
                    self._transaction.enter_context(synced_meanwhile(data_path(Home.current(), WAREHOUSE)))
        return _Handle(self)

    def end(self) -> None:
        if self.failed:
            self.undo()
        else:
            self._transaction.close()

    def undo(self) -> None:
        with suppress(_TakenBack), self._transaction:
            raise _TakenBack


class _TakenBack(Exception):
    """Ends the commit as any error within it does: by rolling it back."""


class _Statements(DuckDBCursorWrapper):
    """What dbt takes for a cursor. After a statement that failed none is run any more: the next might need its rows."""

    def __init__(self, run: _WholeRun) -> None:
        super().__init__(run.conn)
        self._run = run

    def execute(self, sql: str, bindings: Any = None) -> Any:
        if sql.strip().lower() in _OF_DBT:
            return self
        if self._run.failed:
            raise DbtRuntimeError(NOT_RUN)
        try:
            return super().execute(sql, bindings)
        except BaseException:
            self._run.failed = True
            raise


class _Handle(DuckDBConnectionWrapper):
    """What dbt takes for a connection of its own: it may neither close it nor roll it back."""

    def __init__(self, run: _WholeRun) -> None:
        super().__init__(run.conn, run)
        self._cursor = _Statements(run)

    def close(self) -> None:
        pass

    def rollback(self) -> None:
        pass
