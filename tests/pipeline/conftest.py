from datetime import UTC, datetime

import pytest


@pytest.fixture
def now():
    return datetime(2026, 11, 17, 1, 0, tzinfo=UTC)
