import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lake.home import Home
from lake.lakes import BRONZE, WAREHOUSE
from lake.writer_lock import WriterBusy, holder, writer_lock

HOLD = """
import sys
from pathlib import Path
from lake.home import Home
from lake.writer_lock import writer_lock
with writer_lock(Home(Path(sys.argv[1])), "bronze", purpose="landing truck_gps"):
    print("held", flush=True)
    sys.stdin.read()
"""
ROOT = Path(__file__).parents[2]


@contextmanager
def other_process(home: Home) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the bronze lock until its input closes or it is killed."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home.root)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        yield child
    finally:
        child.kill()
        child.wait()


def test_a_second_process_is_refused_and_told_who_writes(home: Home) -> None:
    with other_process(home) as child:
        who = rf"process {child.pid} since \S+Z \(landing truck_gps\)"
        refused = pytest.raises(WriterBusy, match=who)
        with refused, writer_lock(home, BRONZE, purpose="test", timeout_s=0.1):
            pass
        assert f"process {child.pid}" in str(holder(home, BRONZE))


def test_a_killed_writer_leaves_no_lock_behind(home: Home) -> None:
    with other_process(home) as child:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        with writer_lock(home, BRONZE, purpose="test", timeout_s=5):
            pass
    assert holder(home, BRONZE) is None


def test_a_waiting_writer_goes_on_when_the_first_one_ends(home: Home) -> None:
    with other_process(home) as child:
        threading.Timer(0.2, child.stdin.close).start()  # type: ignore[union-attr]
        with writer_lock(home, BRONZE, purpose="test", timeout_s=20):
            assert "(test)" in str(holder(home, BRONZE))


def test_the_two_lakes_are_locked_apart(home: Home) -> None:
    with other_process(home), writer_lock(home, WAREHOUSE, purpose="test", timeout_s=0):
        pass


def test_one_thread_may_take_its_own_lock_again_and_keeps_it_to_the_end(home: Home) -> None:
    with writer_lock(home, BRONZE, purpose="outer"):
        with writer_lock(home, BRONZE, purpose="inner", timeout_s=0):
            pass
        assert "(outer)" in str(holder(home, BRONZE))
    assert holder(home, BRONZE) is None


def test_another_thread_of_the_same_process_must_wait(home: Home) -> None:
    refused = []

    def write() -> None:
        try:
            with writer_lock(home, BRONZE, purpose="other thread", timeout_s=0.1):
                pass
        except WriterBusy as error:
            refused.append(str(error))

    with writer_lock(home, BRONZE, purpose="first thread"):
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
    assert "first thread" in refused[0]


def test_a_forked_child_neither_holds_nor_keeps_its_parents_lock(home: Home) -> None:
    with writer_lock(home, BRONZE, purpose="parent"):
        child = os.fork()
        if child == 0:  # the child believes nothing of the lock: asking for it must be refused
            try:
                with writer_lock(home, BRONZE, purpose="child", timeout_s=0.1):
                    os._exit(1)
            except WriterBusy:
                os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert "(parent)" in str(holder(home, BRONZE))


def test_a_child_given_the_descriptor_keeps_the_lock_after_its_parent(home: Home) -> None:
    with writer_lock(home, BRONZE, purpose="dbt build") as held:
        child = subprocess.Popen(["sleep", "60"], pass_fds=[held.fileno])
    try:
        assert "dbt build" in str(holder(home, BRONZE))
    finally:
        child.kill()
        child.wait()
    assert holder(home, BRONZE) is None
