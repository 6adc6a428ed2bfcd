"""What Jinja makes of dbt's templates, kept beside this module's own compiled code.

A build compiles some 250 templates, models and macros, to Python, and they are the same from build to build: a tenth of
its processor time. They are kept by their text, as Python keeps modules; where modules cannot be kept, nothing is.
"""

from __future__ import annotations

import marshal
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from types import CodeType
from typing import Any

import dbt_common.clients.jinja
from dbt_common.clients.jinja import MacroFuzzEnvironment

_DIGEST_BYTES = 32
_Environment: Any = MacroFuzzEnvironment
_compile: Callable[..., Any] = MacroFuzzEnvironment.compile


def keep_compiled_templates(beside: Path = Path(__file__).with_name("__pycache__")) -> None:
    """Let a template be taken from the folder `beside` where it is there already, and put there where it is not."""
    # The same text may be other code in another version of any of the three.
    versions = sys.implementation.cache_tag, version("dbt-common"), version("jinja2")
    folder = beside / "-".join(["dbt_templates", *versions])
    with suppress(OSError):  # an installation that this account may only read
        folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        return

    def compile_once(environment: MacroFuzzEnvironment, source: Any, *place: Any, **options: Any) -> Any:
        is_usual = isinstance(source, str) and not place and not options
        if not is_usual or dbt_common.clients.jinja.MACRO_DEBUGGING:  # which names the code by a file of its own
            return _compile(environment, source, *place, **options)
        # The class says in which language: settings are rendered to Python's values, everything else to text.
        file = folder / sha256(f"{type(environment).__name__}:{source}".encode()).hexdigest()
        code = _taken(file)
        if code is None:
            code = _compile(environment, source)
            with suppress(OSError):  # a full disk: compiled again the next time
                _put(file, code)
        return code

    _Environment.compile = compile_once


def _taken(file: Path) -> CodeType | None:
    try:
        kept = file.read_bytes()
    except OSError:
        return None
    digest, code = kept[:_DIGEST_BYTES], kept[_DIGEST_BYTES:]
    if sha256(code).digest() != digest:  # cut off by a power cut
        return None
    return marshal.loads(code)  # noqa: S302 (as Python does with its own, which lies beside these)


def _put(file: Path, code: CodeType) -> None:
    """Aside, then by its name: another process sees all of it or nothing."""
    told = marshal.dumps(code)
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".new-") as aside:
        fresh = Path(aside) / file.name
        fresh.write_bytes(sha256(told).digest() + told)
        fresh.replace(file)
