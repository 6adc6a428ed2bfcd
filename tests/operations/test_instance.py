import os
import subprocess
import sys

import pytest

from operations.component_environment import component_environment
from operations.instance import AlreadyRunning, Instance, leftovers, only_instance, record, running_instance
from operations.supervisor import end_processes


def test_a_second_start_on_one_home_is_refused_with_the_address_of_the_first(home):
    with only_instance(home):
        record(home, Instance(os.getpid(), 8080, 8501))
        with pytest.raises(AlreadyRunning, match=r"http://127\.0\.0\.1:8501"), only_instance(home):
            pass
    with only_instance(home):
        assert running_instance(home) is None, "an ended start leaves no record"


def test_a_record_of_a_dead_process_is_no_running_instance(home):
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    record(home, Instance(child.pid, 8080, 8501))
    assert running_instance(home) is None


def test_what_an_earlier_start_left_behind_is_found_and_ended(home):
    command = [sys.executable, "-c", "import time; print(flush=True); time.sleep(600)"]
    survivor = subprocess.Popen(
        command, env=component_environment(home), stdout=subprocess.PIPE, start_new_session=True
    )
    survivor.stdout.readline()
    found = leftovers(home)
    assert [process.pid for process in found] == [survivor.pid]
    end_processes(found)
    survivor.wait(timeout=5)
    assert leftovers(home) == []


def test_leftovers_that_hide_their_environment_are_known_by_their_session(home):
    # As Airflow's workers do: setproctitle writes over the environment that /proc shows.
    command = [sys.executable, "-c", "import time; print(flush=True); time.sleep(600)"]
    survivor = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
    survivor.stdout.readline()
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    record(home, Instance(dead.pid, 8080, 8501, sessions=(survivor.pid,)))
    assert [process.pid for process in leftovers(home)] == [survivor.pid]
    record(home, Instance(dead.pid, 8080, 8501, sessions=(survivor.pid,), recorded_at=0))
    assert leftovers(home) == [], "the number was given to another program since"
    survivor.kill()
    survivor.wait()


def test_what_a_living_start_runs_is_no_leftover(home):
    command = [sys.executable, "-c", "import time; print(flush=True); time.sleep(600)"]
    component = subprocess.Popen(
        command, env=component_environment(home), stdout=subprocess.PIPE, start_new_session=True
    )
    component.stdout.readline()
    record(home, Instance(os.getpid(), 8080, 8501, sessions=(component.pid,)))
    assert leftovers(home) == []
    component.kill()
    component.wait()
