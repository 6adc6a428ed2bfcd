"""Random streams by name: the same seed and names give the same numbers, whatever else was drawn before."""

from __future__ import annotations

import hashlib

import numpy as np


def random_stream(seed: int, *names: object) -> np.random.Generator:
    """A generator of its own for each combination of names.

    A day, a part and a truck chunk each draw from their own stream, so that one more day or one more fault never
    shifts the numbers of another.
    """
    text = "\x1f".join(str(name) for name in (seed, *names))
    digest = hashlib.sha256(text.encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))
