"""Airflow's configuration of one Yunjian home: `airflow.cfg` and local settings in its `airflow/`, rewritten at every start.

Everything binds to 127.0.0.1, sends no usage data and fits a laptop. A deployment overrides a setting by Airflow's own
environment variables (`AIRFLOW__SECTION__KEY`), which win over the file; first of all the metadata database
(`AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=postgresql+psycopg2://...`): SQLite is for one machine and a few tasks at a time.
"""

from __future__ import annotations

import base64
import configparser
import json
import os
import secrets
from pathlib import Path

from lake.home import Home

LOOPBACK = "127.0.0.1"
USER = "admin"
BRONZE_POOL = "bronze_writer"
WAREHOUSE_POOL = "warehouse_writer"
POOLS = {
    BRONZE_POOL: "One writer of the bronze lake at a time: landing",
    WAREHOUSE_POOL: "One writer of the warehouse at a time: builds, publication, maintenance",
}
_LOCAL_SETTINGS = """\
# Written by `yunjian up` at every start; Airflow imports it in each of its processes.
from operations import airflow_savepoints

__all__: list[str] = []
airflow_savepoints.take_the_write_lock_at_savepoints()
"""
DAGS_FOLDER = Path(__file__).resolve().parent.parent / "dags"


def config_file(home: Home) -> Path:
    return home.airflow / "airflow.cfg"


def passwords_file(home: Home) -> Path:
    return home.secrets / "airflow_passwords.json"


def password(home: Home) -> str:
    """The password of the user `admin` of this home's Airflow."""
    return str(json.loads(passwords_file(home).read_text())[USER])


def metadata_connection(home: Home, *, wait_s: int = 30) -> str:
    """SQLAlchemy's address of the SQLite metadata database: a writer waits `wait_s` for another instead of failing.

    Airflow sets WAL itself.
    """
    return f"sqlite:///{home.airflow / 'airflow.db'}?timeout={wait_s}"


def write_config(home: Home, port: int) -> Path:
    """Writes airflow.cfg (mode 0600: it holds the signing secrets) for an API server on `port`; returns its path."""
    home.airflow.mkdir(parents=True, exist_ok=True)
    home.airflow.chmod(0o700)
    config = configparser.ConfigParser(interpolation=None)
    config.read_dict(_settings(home, port, _signing_secrets(home)))
    _make_password(home)
    path = config_file(home)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write("# Written by `yunjian up` at every start: override by environment variables, not here.\n")
        config.write(file)
    draft.replace(path)
    _write_local_settings(home)
    return path


def _write_local_settings(home: Home) -> None:
    folder = home.airflow / "config"
    folder.mkdir(exist_ok=True)
    (folder / "airflow_local_settings.py").write_text(_LOCAL_SETTINGS)


def _settings(home: Home, port: int, signing: dict[str, str]) -> dict[str, dict[str, str | int]]:
    address = f"http://{LOOPBACK}:{port}"
    logs = home.logs / "airflow"
    return {
        "core": {
            "dags_folder": str(DAGS_FOLDER),
            "plugins_folder": str(home.airflow / "plugins"),
            "load_examples": "False",
            "executor": "LocalExecutor",
            # The default, 32, forks 32 workers at the start: 1.1 GB.
            "parallelism": 4,
            "max_active_tasks_per_dag": 4,
            "default_timezone": "Asia/Shanghai",
            "dags_are_paused_at_creation": "True",
            "execution_api_server_url": f"{address}/execution/",
            "simple_auth_manager_users": f"{USER}:admin",
            "simple_auth_manager_passwords_file": str(passwords_file(home)),
            "fernet_key": signing["fernet_key"],
            "hostname_callable": "socket.gethostname",
            "min_serialized_dag_update_interval": 5,
        },
        "database": {"sql_alchemy_conn": metadata_connection(home)},
        "logging": {
            "base_log_folder": str(logs),
            "dag_processor_child_process_log_directory": str(logs / "dag_processor"),
            "colored_console_log": "False",
        },
        "api": {
            "host": LOOPBACK,
            "port": port,
            "base_url": address,
            "workers": 1,
            "secret_key": signing["secret_key"],
            "instance_name": "Yunjian 云间",
            "expose_config": "False",
        },
        "api_auth": {"jwt_secret": signing["jwt_secret"], "jwt_issuer": "yunjian"},
        "scheduler": {
            "scheduler_heartbeat_sec": 2,
            "scheduler_idle_sleep_time": 1,
            # After a crash an interrupted task is taken up again within a minute and a half.
            "task_instance_heartbeat_sec": 15,
            "task_instance_heartbeat_timeout": 75,
            "orphaned_tasks_check_interval": 60,
            "catchup_by_default": "False",
        },
        "dag_processor": {
            "parsing_processes": 1,
            "min_file_process_interval": 60,
            "refresh_interval": 60,
            "bundle_refresh_check_interval": 5,
            "dag_bundle_storage_path": str(home.airflow / "bundles"),
        },
        "usage_data_collection": {"enabled": "False"},
    }


def _signing_secrets(home: Home) -> dict[str, str]:
    path = home.secrets / "airflow_signing.json"
    if not path.exists():
        made = {
            "jwt_secret": secrets.token_urlsafe(64),
            "secret_key": secrets.token_urlsafe(48),
            "fernet_key": base64.urlsafe_b64encode(os.urandom(32)).decode(),
        }
        _write_secret(path, json.dumps(made))
    loaded = json.loads(path.read_text())
    return {str(name): str(value) for name, value in loaded.items()}


def _make_password(home: Home) -> None:
    # Written before Airflow's first start, which would otherwise print a password of its own into the logs.
    if not passwords_file(home).exists():
        _write_secret(passwords_file(home), json.dumps({USER: secrets.token_urlsafe(12)}) + "\n")


def _write_secret(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
