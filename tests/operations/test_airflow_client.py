"""The client against a server that fails as Airflow does while its metadata database is locked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from lake.home import Home
from operations import airflow_client
from operations.airflow_client import AirflowClient, AirflowError
from operations.components import airflow_components


class Server(HTTPServer):
    """Answers `statuses` one after the other to what is signed, then 200; remembers bodies and tokens given."""

    statuses: list[int]
    bodies: list[dict[str, Any]]
    signed_in: int


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/auth/token":
            self.server.signed_in += 1
            return self.answer(201, {"access_token": "token"})
        self.server.bodies.append(body)
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        return self.answer(status, body)

    def answer(self, status: int, body: dict[str, Any]) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(airflow_client, "_PAUSE_S", 0.01)
    running = Server(("127.0.0.1", 0), Handler)
    running.statuses, running.bodies, running.signed_in = [], [], 0
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield running
    running.shutdown()
    running.server_close()


@pytest.fixture
def client(server: Server) -> AirflowClient:
    return AirflowClient(server.server_port, "secret")


def test_a_run_is_asked_for_again_under_the_same_name_when_the_server_fails(
    server: Server, client: AirflowClient
) -> None:
    server.statuses = [500, 503]
    run_id = client.trigger("land_trucks")
    assert [body["dag_run_id"] for body in server.bodies] == [run_id] * 3


def test_a_run_that_began_although_the_server_failed_is_not_begun_again(server: Server, client: AirflowClient) -> None:
    server.statuses = [500, 409]
    assert client.trigger("land_trucks") == server.bodies[0]["dag_run_id"]
    assert len(server.bodies) == 2


def test_a_server_that_goes_on_failing_and_a_call_that_is_wrong_are_told(server: Server, client: AirflowClient) -> None:
    server.statuses = [500] * 10
    with pytest.raises(AirflowError, match="500"):
        client.trigger("land_trucks")
    server.statuses = [404]
    asked = len(server.bodies)
    with pytest.raises(AirflowError, match="404"):
        client.trigger("no_such_dag")
    assert len(server.bodies) == asked + 1


def test_an_expired_token_is_fetched_anew(server: Server, client: AirflowClient) -> None:
    client.trigger("land_trucks")
    server.statuses = [401]
    client.trigger("land_trucks")
    assert server.signed_in == 2


def test_the_api_server_waits_for_the_database_less_long_than_the_scheduler_unless_it_is_told_which_to_use(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
    api, *others = airflow_components(home)
    assert api.environment[name].endswith("airflow.db?timeout=5")
    assert all(name not in part.environment for part in others)
    monkeypatch.setenv(name, "postgresql+psycopg2://db/airflow")
    assert airflow_components(home)[0].environment[name] == "postgresql+psycopg2://db/airflow"
