import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from lake import extensions
from lake.engine import open_engine
from lake.extensions import EXTENSIONS, extension_directory, load_extension
from lake.home import Home

ROOT = Path(__file__).parents[2]
LOADED = "SELECT extension_name FROM duckdb_extensions() WHERE loaded"


def test_every_extension_loads_from_the_wheels_with_downloads_off(home: Home) -> None:
    with open_engine(home) as con:
        for name in EXTENSIONS:
            con.execute(f"INSTALL {name}")
            con.execute(f"LOAD {name}")
        with pytest.raises(duckdb.Error):
            con.execute("LOAD spatial")


def _forged(folder: Path, name: str) -> Path:
    """A copy of httpfs under another name, whose signature (the file's last 256 bytes) is not right."""
    right = next(extension_directory().rglob("httpfs.duckdb_extension")).read_bytes()
    forged = folder / f"{name}.duckdb_extension"
    forged.write_bytes(right[:-1] + bytes([right[-1] ^ 1]))
    return forged


def test_an_engine_refuses_unsigned_extensions_also_when_an_engine_before_it_has_checked_those_it_uses(
    home: Home, tmp_path: Path
) -> None:
    forged = _forged(tmp_path, "stranger")
    for _ in range(2):
        with open_engine(home) as con:
            with pytest.raises(duckdb.Error, match="signature"):
                con.execute(f"LOAD '{forged}'")
            with pytest.raises(duckdb.Error, match="allow_unsigned_extensions"):
                con.execute("SET allow_unsigned_extensions = true")
            load_extension(con, "ducklake")
            load_extension(con, "httpfs")
    with open_engine(home) as con:
        loaded = [name for (name,) in con.execute(LOADED).fetchall()]
    assert "ducklake" in loaded
    assert "httpfs" not in loaded, "what only landing needs is not there for those who read"


def test_an_extension_that_was_replaced_after_its_check_is_checked_anew(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_engine(home) as con:
        load_extension(con, "sqlite_scanner")
    with open_engine(home) as con:
        assert ("sqlite_scanner",) in con.execute(LOADED).fetchall()
    forged, right = _forged(tmp_path, "sqlite_scanner"), extensions._binary
    monkeypatch.setattr(extensions, "_binary", lambda name: forged if name == "sqlite_scanner" else right(name))
    monkeypatch.setenv("YUNJIAN_EXTENSION_DIRECTORY", str(tmp_path / "links"))
    with open_engine(home) as con:
        assert ("sqlite_scanner",) not in con.execute(LOADED).fetchall()
        with pytest.raises(duckdb.Error, match="signature"):
            load_extension(con, "sqlite_scanner")


def test_a_stale_link_is_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUNJIAN_EXTENSION_DIRECTORY", str(tmp_path))
    link = next(extension_directory().rglob("ducklake.duckdb_extension"))
    right = link.readlink()
    link.unlink()
    link.symlink_to(tmp_path / "gone")
    extension_directory()
    assert link.readlink() == right


def test_time_is_utc_on_a_machine_in_shanghai(home: Home) -> None:
    program = (
        "import sys; from pathlib import Path; from lake.engine import open_engine; from lake.home import Home\n"
        "print(open_engine(Home(Path(sys.argv[1]))).execute(\"SELECT '2026-11-23 00:00:00+00'::TIMESTAMPTZ::VARCHAR\").fetchone()[0])"
    )
    told = subprocess.run(
        [sys.executable, "-c", program, str(home.root)],
        cwd=ROOT,
        env={"TZ": "Asia/Shanghai", "PATH": "/usr/bin", "HOME": str(home.root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "2026-11-23 00:00:00+00"


def test_two_engines_of_one_process_spill_apart(home: Home) -> None:
    setting = "SELECT current_setting('temp_directory')"
    with open_engine(home) as one, open_engine(home) as other:
        folders = {str(con.execute(setting).fetchone()) for con in (one, other)}
    assert len(folders) == 2
    assert all(str(home.tmp) in folder for folder in folders)


def test_a_query_larger_than_memory_spills_and_cleans_up(home: Home) -> None:
    with open_engine(home, memory_limit="60MB", threads=1) as con:
        row = con.execute(
            "SELECT count(*) FROM (SELECT i, md5(i::VARCHAR) AS m FROM range(1000000) r(i) ORDER BY m)"
        ).fetchone()
    assert row == (1000000,)
    assert list(home.tmp.glob("duckdb-*")) == []
