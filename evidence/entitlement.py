"""Who may have evidence: the file `registers/entitled.yaml`, nobody where it is missing.

wangli:                      # the operating system's user
  name: 王丽
  unit: 区绿化市容局渣土办
  roles: [waste_enforcement]
"""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from lake.home import Home

ROLE: Final = "waste_enforcement"
FILE_NAME: Final = "entitled.yaml"
_LIMIT_BYTES: Final = 64 * 1024
_LIMIT_PEOPLE: Final = 500
_LIMIT_TEXT: Final = 100
_LIMIT_DEPTH: Final = 5
_CLOSING: Final = yaml.FlowSequenceEndToken | yaml.FlowMappingEndToken
_OPENING: Final = (
    yaml.FlowSequenceStartToken
    | yaml.FlowMappingStartToken
    | yaml.BlockSequenceStartToken
    | yaml.BlockMappingStartToken
)
_NO_LOGIN: Final = 0xFFFFFFFF  # what the kernel says of a process that no login began
_LOGIN_FILE: Final = Path("/proc/self/loginuid")


class NotEntitled(PermissionError):
    """The person may not have evidence; the attempt has been registered."""


class EntitlementsBroken(ValueError):
    """The file of entitled people cannot be trusted or understood: then nobody is entitled."""


@dataclass(frozen=True)
class Person:
    """Somebody of the operating system; of one whom the file does not name, only `user` is known."""

    user: str
    name: str = ""
    unit: str = ""
    roles: tuple[str, ...] = ()

    @property
    def is_entitled(self) -> bool:
        return ROLE in self.roles


def current_user() -> str:
    """The user who logged in, also behind `sudo`: the kernel's audit login where it keeps one, else the real user.

    Never the environment (`LOGNAME`, `SUDO_USER`), which anybody can set.
    """
    number = os.getuid()
    try:
        login = int(_LOGIN_FILE.read_text())
        number = number if login == _NO_LOGIN else login
    except (OSError, ValueError):
        pass
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"uid{number}"


def person(home: Home, user: str) -> Person:
    """What the file says of `user`. Raises EntitlementsBroken when it is not to be trusted or understood."""
    path = home.registers / FILE_NAME
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return Person(user)
    except OSError as error:
        raise EntitlementsBroken(f"{path}: {error.strerror}") from None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or stat.S_IMODE(status.st_mode) & 0o022:
            raise EntitlementsBroken(f"{path} can be written by others than its owner: chmod 600 {path}")
        if status.st_uid not in (0, os.geteuid()):
            raise EntitlementsBroken(f"{path} belongs to another user than the one who runs the platform")
        text = file.read(_LIMIT_BYTES + 1)
    return _parse(path, text).get(user, Person(user))


def _parse(path: Path, text: bytes) -> dict[str, Person]:
    if len(text) > _LIMIT_BYTES:
        raise EntitlementsBroken(f"{path} is longer than {_LIMIT_BYTES} bytes")
    try:
        depth = 0
        for token in yaml.scan(text):
            if isinstance(token, yaml.AliasToken):  # a few lines of them fill any memory
                raise EntitlementsBroken(f"{path}: aliases are not allowed")
            depth += isinstance(token, _OPENING) - isinstance(token, yaml.BlockEndToken | _CLOSING)
            if depth > _LIMIT_DEPTH:
                raise EntitlementsBroken(f"{path}: nested too deeply")
        found = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, UnicodeDecodeError, ValueError) as error:
        if isinstance(error, EntitlementsBroken):
            raise
        raise EntitlementsBroken(f"{path} is no YAML: {str(error)[:200]}") from None
    if found is None:
        return {}
    if not isinstance(found, dict) or len(found) > _LIMIT_PEOPLE:
        raise EntitlementsBroken(f"{path} must map at most {_LIMIT_PEOPLE} users to name, unit and roles")
    return {str(user): _person(path, str(user), facts) for user, facts in found.items()}


def _person(path: Path, user: str, facts: Any) -> Person:
    if not isinstance(facts, dict) or set(facts) != {"name", "unit", "roles"}:
        raise EntitlementsBroken(f"{path}: {user[:_LIMIT_TEXT]} must have name, unit and roles, nothing else")
    roles = facts["roles"]
    if not isinstance(roles, list):
        raise EntitlementsBroken(f"{path}: the roles of {user[:_LIMIT_TEXT]} must be a list")
    for value in (facts["name"], facts["unit"], *roles):
        if not isinstance(value, str) or not value.strip() or len(value) > _LIMIT_TEXT:
            raise EntitlementsBroken(f"{path}: {user[:_LIMIT_TEXT]} has an empty or overlong entry")
    return Person(user, facts["name"].strip(), facts["unit"].strip(), tuple(roles))
