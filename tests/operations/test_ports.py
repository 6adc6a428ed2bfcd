import socket

import pytest

from operations.ports import PortTaken, choose_port, is_free


@pytest.fixture
def taken():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_taken_default_port_gives_way_to_a_free_one_above(taken):
    chosen = choose_port(None, taken, option="--portal-port")
    assert chosen > taken
    assert is_free(chosen)


def test_a_port_asked_for_and_taken_is_an_error_that_names_the_option(taken):
    with pytest.raises(PortTaken, match=rf"port {taken} is in use.*--portal-port"):
        choose_port(taken, 8501, option="--portal-port")


def test_two_servers_never_get_one_port(taken):
    first = choose_port(None, taken, option="--airflow-port")
    assert choose_port(None, first, option="--portal-port", avoid=frozenset({first})) != first
