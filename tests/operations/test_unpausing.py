from operations.scheduler_start import unpause_new


class Unpaused(list):
    """Airflow at the edge."""

    unpause = list.append


def test_dags_are_unpaused_when_they_are_new_and_never_against_peoples_will(home):
    first = Unpaused()
    unpause_new(home, first, ["land_trucks", "publish_edition"])
    assert first == ["land_trucks", "publish_edition"]
    later = Unpaused()
    unpause_new(home, later, ["land_trucks", "land_barges", "publish_edition"])
    assert later == ["land_barges"], "what people paused since stays paused"
