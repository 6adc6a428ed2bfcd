"""Runs of dbt share what has been imported, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from lake.home import Home
from lake.lakes import WAREHOUSE
from lake.writer_lock import holder, writer_lock
from pipeline import dbt_run
from pipeline.dbt_host import start_dbt


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A dbt project that `dbt clean` accepts, with something to clean."""
    place = tmp_path / "project"
    (place / "rubbish").mkdir(parents=True)
    (place / "dbt_project.yml").write_text(
        "name: small\nversion: '1.0'\nconfig-version: 2\nprofile: small\nclean-targets: [rubbish]\n"
    )
    return place


def start(folder: Path, log: str = "log", keep_open: Sequence[int] = (), arguments: Sequence[str] = ("clean",)):
    own = {"DBT_LOG_PATH": str(folder / log), "DBT_LOG_LEVEL_FILE": "debug", "DBT_PROFILES_DIR": str(folder)}
    return start_dbt(arguments, environment=os.environ | own, folder=folder, keep_open=keep_open)


def ended(process: BaseProcess, told) -> tuple[str, int | None]:
    with told:
        text = told.read()
    process.join()
    return text, process.exitcode


def server() -> int | None:
    return forkserver._forkserver._forkserver_pid


def test_each_run_is_a_process_with_its_own_environment_and_folder_from_one_server(folder):
    first = start(folder, "one")
    text, code = ended(*first)
    assert "rubbish" in text
    assert code == 0
    assert not (folder / "rubbish").exists()
    before = server()
    second = start(folder, "two")
    assert ended(*second)[1] == 0
    assert server() == before
    assert len({os.getpid(), before, first[0].pid, second[0].pid}) == 4
    assert (folder / "one" / "dbt.log").is_file()
    assert (folder / "two" / "dbt.log").is_file()


def test_what_dbt_refuses_is_its_exit_code_and_its_words(folder):
    text, code = ended(*start(folder, arguments=["build", "--no-such-option"]))
    assert "--no-such-option" in text
    assert code == 2


def test_a_run_keeps_the_lock_it_is_given(home: Home, folder):
    with writer_lock(home, WAREHOUSE, purpose="a build") as lock:
        process, told = start(folder, keep_open=[lock.fileno])
        os.kill(process.pid, signal.SIGSTOP)
        descriptors = [os.readlink(path) for path in Path(f"/proc/{process.pid}/fd").iterdir()]
        os.kill(process.pid, signal.SIGCONT)
        assert ended(process, told)[1] == 0
    assert str(lock.path) in descriptors
    assert holder(home, WAREHOUSE) is None


def test_a_run_ends_with_the_one_who_reads_it(home: Home, monkeypatch):
    started: list[BaseProcess] = []

    def remembered(*arguments, **options):
        process, told = start_dbt(*arguments, **options)
        started.append(process)
        return process, told

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(dbt_run, "start_dbt", remembered)
    monkeypatch.setattr(dbt_run, "_tell", interrupted)
    with pytest.raises(KeyboardInterrupt):
        dbt_run.run_dbt(home, ["build"], bronze_snapshot=0, run_id="r")
    assert [process.exitcode for process in started] == [-signal.SIGTERM]


def test_a_run_that_is_killed_has_not_passed(home: Home, monkeypatch):
    def killed(*arguments, **options):
        process, told = start_dbt(*arguments, **options)
        os.kill(process.pid, signal.SIGKILL)
        return process, told

    monkeypatch.setattr(dbt_run, "start_dbt", killed)
    run = dbt_run.run_dbt(home, ["build"], bronze_snapshot=0, run_id="r")
    assert not run.passed
    assert run.exit_code == -signal.SIGKILL


def test_the_program_that_asks_for_a_run_is_not_run_again_in_it(folder, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        f"""import os, sys
from pathlib import Path
with open({str(tmp_path / "imported")!r}, "a") as file:
    file.write(__name__ + " ")
if __name__ == "__main__":
    from tests.pipeline.test_dbt_host import ended, start
    sys.exit(ended(*start(Path({str(folder)!r})))[1])
"""
    )
    subprocess.run([sys.executable, program], check=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
    assert (tmp_path / "imported").read_text().split() == ["__main__"]


def test_a_server_that_was_killed_is_replaced(folder):
    assert ended(*start(folder))[1] == 0
    (folder / "rubbish").mkdir()
    before = server()
    os.kill(before, signal.SIGKILL)
    os.waitid(os.P_PID, before, os.WEXITED | os.WNOWAIT)
    assert ended(*start(folder))[1] == 0
    assert server() != before
