"""Runs of dbt share a process that has imported it, and nothing else."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from lake.home import Home
from lake.lakes import WAREHOUSE
from lake.writer_lock import holder, writer_lock
from pipeline import dbt_host


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A dbt project that `dbt clean` accepts."""
    place = tmp_path / "project"
    place.mkdir()
    (place / "dbt_project.yml").write_text(
        "name: small\nversion: '1.0'\nconfig-version: 2\nprofile: small\nclean-targets: [rubbish]\n"
    )
    return place


def cleaned(folder: Path, log: str, **more: Any) -> tuple[int, int]:
    """Has dbt remove the folder `rubbish`: the exit code, and the number of the process that ran it."""
    logged = {"DBT_LOG_PATH": str(folder / log), "DBT_LOG_LEVEL_FILE": "debug"}
    environment = {**os.environ, **logged, "DBT_PROFILES_DIR": str(folder)}
    with dbt_host.running(["clean"], environment=environment, folder=folder, **more) as run:
        told = run.lines.read()
        assert "rubbish" in told
        return run.exit_code(), run.number


def test_each_run_is_a_process_with_its_own_environment_and_folder(folder: Path) -> None:
    (folder / "rubbish").mkdir()
    first = cleaned(folder, "one")
    host = dbt_host.start().process.pid
    second = cleaned(folder, "two")
    assert (first[0], second[0]) == (0, 0)
    assert len({os.getpid(), host, first[1], second[1]}) == 4
    assert dbt_host.start().process.pid == host
    assert not (folder / "rubbish").exists()
    assert (folder / "one" / "dbt.log").is_file()
    assert (folder / "two" / "dbt.log").is_file()


def test_what_dbt_refuses_is_its_exit_code_and_its_words(folder: Path) -> None:
    with dbt_host.running(["build", "--no-such-option"], environment=os.environ, folder=folder) as run:
        assert "--no-such-option" in run.lines.read()
        assert run.exit_code() == 2


def test_a_run_ends_with_its_block(folder: Path) -> None:
    with pytest.raises(ZeroDivisionError), dbt_host.running(["clean"], environment=os.environ, folder=folder) as run:
        raise ZeroDivisionError
    assert not alive(run.number)
    assert cleaned(folder, "log")[0] == 0


def test_a_run_keeps_the_lock_it_is_given(home: Home, folder: Path) -> None:
    with writer_lock(home, WAREHOUSE, purpose="a build") as lock:
        with dbt_host.running(["clean"], environment=os.environ, folder=folder, pass_fds=(lock.fileno,)) as run:
            os.kill(run.number, signal.SIGSTOP)
            descriptors = [os.readlink(path) for path in Path(f"/proc/{run.number}/fd").iterdir()]
            os.kill(run.number, signal.SIGCONT)
            run.lines.read()
    assert str(lock.path) in descriptors
    assert holder(home, WAREHOUSE) is None


def test_a_host_that_was_killed_is_told_and_replaced(folder: Path) -> None:
    host = dbt_host.start().process
    with pytest.raises(dbt_host.HostLost), dbt_host.running(["clean"], environment=os.environ, folder=folder) as run:
        host.kill()
        host.wait()
        run.lines.read()
        run.exit_code()
    assert cleaned(folder, "log")[0] == 0
    assert dbt_host.start().process.pid != host.pid


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
