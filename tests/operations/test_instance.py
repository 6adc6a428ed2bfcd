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
