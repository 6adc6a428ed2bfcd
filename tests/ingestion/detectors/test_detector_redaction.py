"""Identities are taken out of whatever is kept of a message."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ingestion.detectors.redaction import REDACTED, redact


@pytest.mark.parametrize(
    "message",
    [
        {"object": {"vehicle": {"license": "SECRET", "licenseState": "SECRET"}}},
        {"object": {"face": {"name": "SECRET", "age": 30, "confidence": 0.5}}},
        {"object": {"person": {"gender": "SECRET", "apparel": "SECRET", "hair": "SECRET"}}},
        {"after": {"recognized_license_plate": "SECRET", "sub_label": ["SECRET", 0.9], "thumbnail": "SECRET"}},
        {"Appearance": {"HumanFace": {"Gender": "SECRET"}, "LicensePlateInfo": {"PlateNumber": "SECRET"}}},
        {"Data": {"SimpleItem": [{"Name": "PlateNumber", "Value": "SECRET"}]}},
        {"Data": {"SimpleItem": [{"Value": "SECRET", "@Name": "FaceId"}, {"Value": "x", "Name": "ok"}]}},
        [{"licence": {"text": "SECRET"}}],
    ],
)
def test_an_identity_is_redacted_wherever_it_stands(message: Any) -> None:
    text = json.dumps(message)
    assert "SECRET" in text
    assert "SECRET" not in redact(text)
    for cut in range(1, len(text)):
        kept = redact(text[:cut])
        assert "SECRET" not in kept, "of broken text, nothing of the object that names an identity is kept"


def test_what_identifies_no_person_stays() -> None:
    message = {
        "place": {"name": "gate", "aisle": {"name": "lane1"}},
        "object": {"vehicle": {"type": "truck", "confidence": 0.5, "license": ""}, "face": {"confidence": 0.4}},
        "Data": {"SimpleItem": [{"Name": "ObjectId", "Value": "15"}]},
    }
    assert json.loads(redact(json.dumps(message))) == message


def test_the_confidence_of_a_face_stays_for_replay() -> None:
    assert json.loads(redact('{"face": {"confidence": 0.4, "age": 3}}')) == {"face": {"confidence": 0.4}}


def test_text_that_is_no_json_is_kept_up_to_its_first_identity() -> None:
    assert redact("nothing of the kind") == "nothing of the kind"
    assert redact('{"a": 1, "b": {"license": "SECRET') == '{"a": 1, "b": ' + REDACTED
    assert redact('{"a": 1, "b": {"colour": "red"') == '{"a": 1, "b": {"colour": "red"'


@pytest.mark.parametrize("key", ["车牌号", "姓名", "身份证号", "手机号码", "hphm", "XM"])
def test_an_identity_under_a_chinese_name_or_its_initials_is_redacted_too(key: str) -> None:
    assert "SECRET" not in redact(json.dumps({"id": "1", "object": {key: "SECRET"}}, ensure_ascii=False))
