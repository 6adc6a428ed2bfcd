"""One retrieval of one pack: who asks, whether they may, the pack, its registration, and only then the files."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from evidence import register
from evidence.entitlement import ROLE, NotEntitled, Person, current_user, person
from evidence.handing_out import check_ids, file_stem, folder_for, hand_out
from lake.home import Home

LEAST_REASON: Final = 10
MOST_REASON: Final = 1000
_MOST_SHOWN: Final = 200
_MOST_FILES: Final = 50


def retrieve(
    home: Home, trip_id: str, finding: str, *, reason: str, out: str | None = None, now: datetime | None = None
) -> dict[str, Any]:
    """Make and hand out the pack of a finding on a trip to the person who runs this process.

    Returns trip_id, finding, files (path, sha256, bytes), sequence and register_hash. Every call leaves an entry in the
    register, refused ones too, before it returns or raises: NotEntitled; ValueError for a reason that says nothing or a
    hostile id or folder; LookupError for an unknown trip or finding; RegisterBroken when it could not be registered.
    """
    who = Person(current_user())
    asked = {"trip_id": trip_id[:_MOST_SHOWN], "finding": finding[:_MOST_SHOWN], "reason": reason[:MOST_REASON]}
    try:
        who = person(home, who.user)
        if not who.is_entitled:
            raise NotEntitled(f"{who.user} has not the role {ROLE}: see {home.registers / 'entitled.yaml'}")
        _check_reason(reason)
        check_ids(trip_id, finding)
        folder = folder_for(home, out)
        files, facts = _pack(home, trip_id, finding)
    except Exception as error:
        refusal = {"outcome": "refused", "cause": f"{type(error).__name__}: {error}"[:_MOST_SHOWN]}
        register.append(home, {**_who(who), **asked, **refusal}, now=now)
        raise
    hashes = [
        {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in files.items()
    ]
    given = {"outcome": "handed_out", "what": facts, "files": hashes, "folder": str(folder)}
    entry = register.append(home, {**_who(who), **asked, **given}, now=now)
    try:
        paths = hand_out(folder, files)
    except Exception as error:
        cause = f"{type(error).__name__}: {error}"[:_MOST_SHOWN]
        failed = {"outcome": "not_delivered", "of": entry["sequence"], "cause": cause}
        register.append(home, {**_who(who), **asked, **failed}, now=now)
        raise
    return {
        "trip_id": trip_id,
        "finding": finding,
        "files": [
            {"path": str(path), "sha256": one["sha256"], "bytes": one["bytes"]}
            for path, one in zip(paths, hashes, strict=True)
        ],
        "sequence": entry["sequence"],
        "register_hash": entry["hash"],
    }


def verify(home: Home, paths: Iterable[Path] = (), *, noted: str | None = None) -> dict[str, Any]:
    """Whether the register is whole and holds the hashes of the given files.

    Returns is_whole, entries, head, problems, and of each file path, sha256, is_registered, sequences. It tells nobody
    who retrieved what. Raises FileNotFoundError for a file that is not there.
    """
    chain = register.verify(home, noted=noted)
    by_hash: dict[str, list[int]] = {}
    for entry in chain.entries:
        for file in entry.get("files") or ():
            by_hash.setdefault(str(file.get("sha256")), []).append(int(entry.get("sequence", 0)))
    files = []
    for path in paths:
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        found = by_hash.get(sha256, [])
        files.append({"path": str(path), "sha256": sha256, "is_registered": bool(found), "sequences": found})
    return {
        "is_whole": not chain.problems and all(file["is_registered"] for file in files),
        "entries": len(chain.entries),
        "head": chain.head,
        "problems": chain.problems,
        "torn_bytes": chain.torn_bytes,
        "files": files,
    }


def note_opened(home: Home, feed: str, rows: Sequence[Mapping[str, Any]], *, now: datetime | None = None) -> None:
    """Register that the person who runs this process is about to see sealed rows (each with `file`) in clear.

    No role is asked for: who can read the keys can open the rows without this platform. Raises RegisterBroken when it
    could not be registered.
    """
    files = Counter(str(row["file"]) for row in rows)
    what = {"feed": feed, "rows": len(rows), "files": dict(files.most_common(_MOST_FILES)), "of_files": len(files)}
    register.append(home, {**_who(Person(current_user())), "outcome": "refused_rows_shown", "what": what}, now=now)


def _check_reason(reason: str) -> None:
    said = " ".join(reason.split())
    if len(said) < LEAST_REASON or len(set(said)) < 4:
        raise ValueError(f"the reason must say why, in at least {LEAST_REASON} characters")
    if len(reason) > MOST_REASON:
        raise ValueError(f"the reason must be at most {MOST_REASON} characters long")


def _who(who: Person) -> dict[str, Any]:
    role = ROLE if who.is_entitled else None
    return {"user": who.user, "name": who.name, "unit": who.unit, "role": role}


def _pack(home: Home, trip_id: str, finding: str) -> tuple[dict[str, bytes], dict[str, Any]]:
    from evidence.document import pdf_of
    from evidence.dossier import gather
    from evidence.geojson import geojson_of

    dossier = gather(home, trip_id, finding)
    geojson = geojson_of(dossier)
    pdf = pdf_of(dossier, hashlib.sha256(geojson).hexdigest())
    stem = file_stem(dossier.day, finding, trip_id, pdf)
    facts = {
        "business_date": dossier.day.isoformat(),
        "fixes": len(dossier.fixes),
        "lines": sum(len(file.lines) for file in dossier.files),
        "files_read": [file.sha256 for file in dossier.files],
        "camera_events": len(dossier.sightings),
        "snapshots": dossier.snapshots,
    }
    return {f"{stem}.pdf": pdf, f"{stem}.geojson": geojson}, facts
