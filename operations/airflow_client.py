"""The few calls of Airflow's REST API (v2) that starting and following the platform need."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from operations.airflow_config import LOOPBACK, USER

_ATTEMPTS = 4
_PAUSE_S = 1.0


class AirflowError(RuntimeError):
    """Airflow answered with an error, whose HTTP status is `code`, or not at all (0)."""

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


class AirflowClient:
    """Signs in when first needed, and again when the token has expired."""

    def __init__(self, port: int, password: str) -> None:
        self.address = f"http://{LOOPBACK}:{port}"
        self._password = password
        self._token: str | None = None

    def health(self) -> dict[str, str | None]:
        """The status of each component, "healthy", "unhealthy" or None; empty when the server does not answer."""
        try:
            answer = self._call("GET", "/api/v2/monitor/health")
        except AirflowError:
            return {}
        return {name: part.get("status") for name, part in answer.items()}

    def ensure_pool(self, name: str, slots: int, description: str) -> None:
        body = {"name": name, "slots": slots, "description": description, "include_deferred": False}
        try:
            self.get(f"/pools/{name}")
        except AirflowError:
            self._signed("POST", "/pools", body)

    def dags(self) -> dict[str, bool]:
        """dag_id -> is paused, of every DAG the processor has read."""
        answer = self.get("/dags", limit=500, exclude_stale=True)
        return {dag["dag_id"]: bool(dag["is_paused"]) for dag in answer["dags"]}

    def import_errors(self) -> dict[str, str]:
        answer = self.get("/importErrors", limit=100)
        return {error["filename"]: error["stack_trace"] for error in answer["import_errors"]}

    def unpause(self, dag_id: str) -> None:
        self._signed("PATCH", f"/dags/{dag_id}?update_mask=is_paused", {"is_paused": False})

    def trigger(self, dag_id: str) -> str:
        """Starts a run now; returns its run_id, which is made here so that asking again starts no second run."""
        run_id = f"manual__{datetime.now(UTC).isoformat()}"
        try:
            self._signed("POST", f"/dags/{dag_id}/dagRuns", {"dag_run_id": run_id, "logical_date": None})
        except AirflowError as error:
            if error.code != HTTPStatus.CONFLICT:  # it began at an attempt that was not answered
                raise
        return run_id

    def latest_runs(self, limit: int = 100) -> list[dict[str, Any]]:
        """The latest runs of all DAGs, newest first: dag_id, dag_run_id, state, queued_at, start_date, end_date ..."""
        runs: list[dict[str, Any]] = self.get("/dags/~/dagRuns", order_by="-id", limit=limit)["dag_runs"]
        return runs

    def returned(self, dag_id: str, run_id: str, task_id: str) -> Any:
        """What a task returned; None while it has not."""
        path = f"/dags/{dag_id}/dagRuns/{urllib.parse.quote(run_id)}/taskInstances/{task_id}/xcomEntries/return_value"
        try:
            return self.get(path, deserialize=True)["value"]
        except AirflowError:
            return None

    def get(self, path: str, **query: Any) -> Any:
        return self._signed("GET", f"{path}?{urllib.parse.urlencode(query)}" if query else path)

    def _signed(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """A call with the token; asked again when the server fails, as it does while its SQLite database is locked."""
        attempt = 1
        while True:
            try:
                if self._token is None:
                    self._token = self._sign_in()
                return self._call(method, f"/api/v2{path}", body)
            except AirflowError as error:
                if attempt == _ATTEMPTS:
                    raise
                attempt += 1
                if error.code == HTTPStatus.UNAUTHORIZED:
                    self._token = None
                elif error.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    time.sleep(_PAUSE_S)
                else:
                    raise

    def _sign_in(self) -> str:
        self._token = None
        return str(self._call("POST", "/auth/token", {"username": USER, "password": self._password})["access_token"])

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(self.address + path, method=method)
        request.add_header("Content-Type", "application/json")
        if self._token is not None:
            request.add_header("Authorization", f"Bearer {self._token}")
        data = None if body is None else json.dumps(body).encode()
        try:
            with _local.open(request, data=data, timeout=30) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise AirflowError(
                f"{method} {path}: {error.code} {error.read().decode(errors='replace')[:300]}", error.code
            ) from error
        except (OSError, TimeoutError) as error:
            raise AirflowError(f"{method} {path}: {error}") from error
        return json.loads(text) if text else None


# Never through a proxy of the environment: the server is on this machine.
_local = urllib.request.build_opener(urllib.request.ProxyHandler({}))
