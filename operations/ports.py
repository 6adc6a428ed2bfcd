"""Which TCP ports of 127.0.0.1 the platform's servers take."""

from __future__ import annotations

import socket

from operations.airflow_config import LOOPBACK


class PortTaken(RuntimeError):
    """The port the caller insists on is in use."""


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def choose_port(wanted: int | None, default: int, *, option: str, avoid: frozenset[int] = frozenset()) -> int:
    """`wanted` when given and free, else the first free port from `default` upwards (at most 100 further).

    Raises PortTaken, naming the command-line `option` that picks another one.
    """
    if wanted is not None:
        if wanted in avoid or not is_free(wanted):
            raise PortTaken(f"port {wanted} is in use; end its program, or choose another port with {option}")
        return wanted
    for port in range(default, default + 100):
        if port not in avoid and is_free(port):
            return port
    raise PortTaken(f"no free port from {default} to {default + 99}; choose one with {option}")
