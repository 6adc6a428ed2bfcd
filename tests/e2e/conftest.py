"""A sample district that was taken from inbox to edition, shared by the tests that look at the outcome."""

from __future__ import annotations

import pytest

from lake.home import Home
from tests.e2e.sample import NOW, TakenDistrict, fill_inbox, generate


@pytest.fixture(scope="session")
def taken_district(tmp_path_factory: pytest.TempPathFactory) -> TakenDistrict:
    """Three days at small scale, inbox to edition without Airflow."""
    from pipeline.run import run

    place = tmp_path_factory.mktemp("district")
    files = generate(place / "files", scale="small", days=3)
    home = Home(place / "var").ensure()
    fill_inbox(home, files)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("YUNJIAN_THREADS")
        return TakenDistrict(home, files, run(home, now=NOW))
