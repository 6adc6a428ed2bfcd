"""What a detector calls a thing, and which event type of the platform that is: `codes/detector_labels.csv`."""

from __future__ import annotations

import csv

import pyarrow as pa

from ingestion.contracts import contract_folders

FILE = "detector_labels.csv"


def label_codes(detector_format: str) -> dict[str, str]:
    """Event type by label (lower case) of one format; a further contract folder's table overrides the product's.

    Raises ValueError for a table without the columns format, label, event_type.
    """
    found: dict[str, str] = {}
    for folder in contract_folders():
        path = folder / "codes" / FILE
        if path.is_file():
            with path.open(encoding="utf-8-sig", newline="") as stream:
                rows = csv.DictReader(stream)
                if not {"format", "label", "event_type"} <= set(rows.fieldnames or ()):
                    raise ValueError(f"{path} needs the columns format, label, event_type")
                found.update({r["label"].lower(): r["event_type"] for r in rows if r["format"] == detector_format})
    return found


def as_event_types(labels: pa.Array, codes: dict[str, str]) -> pa.Array:
    """Labels as event types. One that the table lacks stays as it is: the contract refuses it as an unknown code, and
    its row is replayed once the table has grown."""
    encoded = labels.dictionary_encode()
    types = [codes.get(label.lower(), label) for label in encoded.dictionary.to_pylist()]
    return pa.DictionaryArray.from_arrays(encoded.indices, pa.array(types, pa.string())).cast(pa.string())
