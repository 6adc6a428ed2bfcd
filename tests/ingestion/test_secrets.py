from __future__ import annotations

import io
import stat

import pytest

from ingestion.sealing import SealBroken, TextSealer, open_sealed, seal_file
from ingestion.secrets import KeyProblem, key_file, load_key
from lake.home import Home


def test_a_key_is_made_once_and_only_its_owner_can_read_it(home: Home) -> None:
    first = load_key(home)
    assert load_key(home) == first
    assert stat.S_IMODE(key_file(home, "person").stat().st_mode) == 0o600


def test_a_key_that_others_can_read_is_refused_with_the_mend(home: Home) -> None:
    load_key(home)
    key_file(home, "person").chmod(0o644)
    with pytest.raises(KeyProblem, match="chmod 600"):
        load_key(home)


def test_a_lost_key_is_never_replaced_in_silence(home: Home) -> None:
    load_key(home)
    key_file(home, "person").unlink()
    with pytest.raises(KeyProblem, match="restore it"):
        load_key(home)


def test_another_key_than_the_one_the_data_was_made_with_is_refused(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_key(home)
    monkeypatch.setenv("YUNJIAN_PERSON_KEY", "ab" * 32)
    with pytest.raises(KeyProblem, match="not the key"):
        load_key(home)


def test_a_sealed_file_opens_to_the_same_bytes_and_hides_them(home: Home) -> None:
    clear = home.root / "people.csv"
    clear.write_bytes(b"310117199001010011,Zhang San\n" * 100_000)
    sealed = home.landing / "people.csv.age"
    seal_file(clear, sealed, home)
    assert b"Zhang San" not in sealed.read_bytes()
    with open_sealed(sealed, home) as stream:
        assert io.BytesIO(stream.read()).getvalue() == clear.read_bytes()


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_reader_of_a_sealed_file_may_stop_early(home: Home) -> None:
    clear = home.root / "people.csv"
    clear.write_bytes(b"x" * 5_000_000)
    sealed = home.landing / "people.csv.age"
    seal_file(clear, sealed, home)
    with open_sealed(sealed, home) as stream:
        assert stream.read(10) == b"x" * 10


def test_a_sealed_file_that_is_gone_is_named_and_nobody_waits_for_it(home: Home) -> None:
    with (
        pytest.raises(SealBroken, match=r"people\.csv\.age"),
        open_sealed(home.landing / "people.csv.age", home) as stream,
    ):
        stream.read()


def test_a_damaged_sealed_file_is_named_as_such(home: Home) -> None:
    clear = home.root / "people.csv"
    clear.write_bytes(b"y" * 300_000)
    sealed = home.landing / "people.csv.age"
    seal_file(clear, sealed, home)
    sealed.write_bytes(sealed.read_bytes()[:-500])
    with pytest.raises(SealBroken), open_sealed(sealed, home) as stream:
        while stream.read(65536):
            pass


def test_a_refused_row_opens_only_under_its_own_key(home: Home) -> None:
    sealer = TextSealer(home)
    token = sealer.seal("姓名,310117199001010011")
    assert "310117" not in token
    assert sealer.open(token) == "姓名,310117199001010011"
    with pytest.raises(SealBroken):
        sealer.open(token[:-8] + "AAAAAAA=")
