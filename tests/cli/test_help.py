import resource
import subprocess
import sys

import pytest

COMMANDS = [
    ["up"],
    ["sample"],
    ["feeds"],
    ["land"],
    ["run"],
    ["build"],
    ["publish"],
    ["rebuild"],
    ["quarantine", "list"],
    ["quarantine", "show"],
    ["quarantine", "replay"],
    ["restate", "list"],
    ["restate", "approve"],
    ["explain"],
    ["evidence"],
    ["evidence", "pack"],
    ["evidence", "verify"],
    ["docs", "build"],
    ["sql"],
    ["geography", "import"],
    ["geography", "show"],
    ["doctor"],
]
WITHOUT_JSON = (["up"], ["sample"])


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_with_an_example(yunjian, command):
    answer = yunjian(*command, "--help")
    assert answer.code == 0
    assert f"Example: yunjian {' '.join(command)}" in " ".join(answer.out.split())
    if command not in WITHOUT_JSON:
        assert "--json" in answer.out


def test_help_lists_every_command(yunjian):
    answer = yunjian("--help")
    for command in COMMANDS:
        assert f"  {command[0]} " in answer.out


def test_help_is_there_at_once(yunjian):
    # Seconds of the processor, not of the clock: the machine may be busy with its neighbours.
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    yunjian("--help")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.0


def test_help_imports_none_of_the_heavy_libraries():
    code = (
        "import sys, apps.cli.main; "
        "print(sorted({'duckdb', 'pandas', 'airflow', 'streamlit', 'dbt', 'great_expectations', 'pyarrow'} & set(sys.modules)))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )
