"""The supervisor with real processes, each test in a process of its own: it ends all its descendants."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from operations.supervisor import _reap

# Like Airflow: a child in a session of its own that a group signal does not reach, deaf to SIGTERM.
STUBBORN = textwrap.dedent("""
    import signal, subprocess, sys, time
    subprocess.Popen([sys.executable, "-c",
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"],
        start_new_session=True)
    print("working", flush=True)
    time.sleep(600)
""")
SUPERVISED = textwrap.dedent("""
    import os, signal, sys
    from pathlib import Path
    from operations.components import Component
    from operations.supervisor import Supervisor
    from operations.up import StopRequested, _stop_signals
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # a run of the tests under nohup is deaf to it
    script, log, mark = sys.argv[1:]
    component = Component("worker", (sys.executable, "-c", script), {**os.environ, "YUNJIAN_TEST_MARK": mark})
    try:
        with _stop_signals(), Supervisor(Path(log), grace_s=2) as supervisor:
            supervisor.start(component)
            supervisor.wait(60)
    except StopRequested:
        print("ended in order")
""")


def supervise(script: str, log: Path, mark: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SUPERVISED, script, str(log), mark]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def marked(mark: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("YUNJIAN_TEST_MARK") == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def wait_for(condition, seconds: float = 20):
    until = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < until, "did not happen in time"
        time.sleep(0.1)
    return result


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_every_process_even_deaf_ones_in_other_sessions(tmp_path, number):
    mark = str(tmp_path)
    supervisor = supervise(STUBBORN, tmp_path / "up.log", mark)
    wait_for(lambda: len(marked(mark)) == 2 and "deaf" in (tmp_path / "up.log").read_text())
    supervisor.send_signal(number)
    out, err = supervisor.communicate(timeout=15)
    assert out.strip() == "ended in order", err
    assert marked(mark) == []


def test_a_component_that_dies_ends_the_others_and_its_last_lines_are_told(tmp_path):
    mark = str(tmp_path)
    dying = STUBBORN.replace("time.sleep(600)\n", "time.sleep(1); sys.exit('out of luck')\n")
    supervisor = supervise(dying, tmp_path / "up.log", mark)
    _, err = supervisor.communicate(timeout=30)
    assert supervisor.returncode == 1
    assert "worker ended with code 1" in err
    assert "out of luck" in err
    assert marked(mark) == []


def test_lines_are_kept_under_the_name_of_their_component(tmp_path):
    supervisor = supervise("print('hello')", tmp_path / "up.log", str(tmp_path))
    supervisor.communicate(timeout=30)
    assert "worker        | hello" in (tmp_path / "up.log").read_text()


def test_a_killed_supervisor_takes_its_components_with_it(tmp_path):
    mark = str(tmp_path)
    supervisor = supervise("import time; time.sleep(600)", tmp_path / "up.log", mark)
    wait_for(lambda: marked(mark))
    os.kill(supervisor.pid, signal.SIGKILL)
    supervisor.communicate()
    wait_for(lambda: not marked(mark))


def test_a_process_whose_first_thread_has_ended_is_waited_for_until_the_others_have():
    leaving = (
        "import ctypes, threading, time; threading.Thread(target=time.sleep, args=(600,)).start();"
        "ctypes.CDLL(None).pthread_exit(None)"
    )
    process = subprocess.Popen([sys.executable, "-c", leaving])
    seen = psutil.Process(process.pid)
    deadline = time.monotonic() + 20
    while seen.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert _reap([seen]) == [seen]
    process.kill()
    while _reap([seen]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert not seen.is_running()
