import json
from typing import Any
from urllib.parse import quote

import pytest

from csms.runtime import Runtime
from tests.lambda_operator import Answer, LambdaOperator

WRONG_FIELDS: list[tuple[dict[str, object], str]] = [
    ({"idTag": ""}, "idTag"),
    ({"idTag": "x" * 21}, "idTag"),
    ({"idTag": "a\x00b"}, "idTag"),
    ({"idTag": 5}, "idTag"),
    ({"idTag": None}, "idTag"),
    ({"status": "ConcurrentTx"}, "status"),
    ({"status": None}, "status"),
    ({"expiryDate": "tomorrow"}, "expiryDate"),
    ({"expiryDate": "0001-01-01T00:00:00+14:00"}, "expiryDate"),
    ({"expiryDate": 1e300}, "expiryDate"),
    ({"maxActiveTransactions": -1}, "maxActiveTransactions"),
    ({"maxActiveTransactions": 10**40}, "maxActiveTransactions"),
    ({"maxActiveTransactions": 1.5}, "maxActiveTransactions"),
    ({"maxActiveTransactions": True}, "maxActiveTransactions"),
    ({"groups": "a"}, "groups"),
    ({"groups": [1]}, "groups.0"),
    ({"parentIdTag": "x" * 21}, "parentIdTag"),
    ({"colour": "red"}, "colour"),
]


SYNC_A = {
    "reason": "the tag is in the local lists of these charge points",
    "method": "POST",
    "path": "/local-lists/sync",
    "body": {"filter": {"groups": ["a"]}, "onlyExisting": True},
    "bulkId": None,
}


def import_csv(operator: LambdaOperator, text: str, **options: Any) -> Answer:
    return operator.send("POST", "/id-tags", body=text, headers={"content-type": "text/csv; charset=utf-8"}, **options)


def outcomes(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.text
    return [row["result"] for row in answer.json["rows"]]


def test_a_new_tag_has_the_usual_settings(csms: Runtime, admin: LambdaOperator) -> None:
    answer = admin.post("/id-tags", {"idTag": "Tag1"})
    assert (answer.status, answer.headers["location"]) == (201, "/id-tags/Tag1")
    assert answer.json == {
        "idTag": "Tag1",
        "status": "Accepted",
        "expiryDate": None,
        "parentIdTag": None,
        "groups": [],
        "maxActiveTransactions": 1,
        "note": None,
    }
    assert admin.get("/id-tags/tAG1").json == answer.json


def test_a_tag_exists_once_whatever_its_case(csms: Runtime, admin: LambdaOperator) -> None:
    admin.post("/id-tags", {"idTag": "TAG1"})
    assert admin.post("/id-tags", {"idTag": "tag1"}).status == 409


@pytest.mark.parametrize(
    "tag", ["a/b", "a b", "50%", "50%41", "a?b#c", "ä", "\U0001f600", "=1+1", "a,b", "import", "x" * 20]
)
@pytest.mark.parametrize("decodes_path", [True, False])
def test_any_tag_can_be_addressed(csms: Runtime, admin: LambdaOperator, tag: str, decodes_path: bool) -> None:
    admin.post("/id-tags", {"idTag": tag})
    admin.decodes_path = decodes_path
    path = f"/id-tags/{quote(tag, safe='')}"
    if "?" in tag and decodes_path:
        path = f"/id-tags/{quote(quote(tag, safe=''), safe='')}"  # HTTP APIs cut a path at a decoded question mark

    assert admin.get(path).json["idTag"] == tag
    assert admin.patch(path, {"note": "n"}).json["note"] == "n"
    assert admin.delete(path).status == 204
    assert admin.get(path).status == 404
    assert admin.delete(path).status == 404


def test_changes_touch_only_the_fields_they_name_and_null_clears(csms: Runtime, admin: LambdaOperator) -> None:
    admin.post("/id-tags", {"idTag": "TAG1", "parentIdTag": "FAMILY", "groups": ["a"], "note": "Ada's"})

    expiry = "2027-01-01T00:00:00.000Z"
    changed = admin.patch(
        "/id-tags/tag1", {"status": "Blocked", "expiryDate": expiry, "maxActiveTransactions": None, "note": None}
    ).json

    assert changed == {
        "idTag": "TAG1",
        "status": "Blocked",
        "expiryDate": expiry,
        "parentIdTag": "FAMILY",
        "groups": ["a"],
        "maxActiveTransactions": None,
        "note": None,
        "nextSteps": [SYNC_A],
    }
    assert admin.get("/id-tags/TAG1").json | {"nextSteps": [SYNC_A]} == changed
    assert admin.patch("/id-tags/TAG1", {"groups": [], "parentIdTag": None}).json["groups"] == []
    assert admin.get("/id-tags/TAG1").json["parentIdTag"] is None


def test_two_changes_at_once_both_count(csms: Runtime, admin: LambdaOperator, monkeypatch: pytest.MonkeyPatch) -> None:
    admin.post("/id-tags", {"idTag": "TAG1"})
    stale = csms.store.id_tags.get("TAG1")
    assert admin.patch("/id-tags/TAG1", {"status": "Blocked"}).status == 200
    with monkeypatch.context() as slower:
        slower.setattr(csms.store.id_tags, "get", lambda id_tag: stale)
        assert admin.patch("/id-tags/TAG1", {"note": "stolen"}).json["status"] == "Blocked"
    tag = admin.get("/id-tags/TAG1").json
    assert (tag["status"], tag["note"]) == ("Blocked", "stolen")


def test_null_removes_whatever_a_tag_can_be_without(csms: Runtime, admin: LambdaOperator) -> None:
    fields = {"expiryDate": "2027-01-01T00:00:00Z", "parentIdTag": "P", "groups": ["a"], "note": "n"}
    admin.post("/id-tags", {"idTag": "TAG1", **fields})
    tag = admin.patch("/id-tags/TAG1", dict.fromkeys([*fields, "maxActiveTransactions"])).json
    assert tag == {"idTag": "TAG1", "status": "Accepted", "groups": [], "nextSteps": []} | dict.fromkeys(
        ["expiryDate", "parentIdTag", "maxActiveTransactions", "note"]
    )
    assert admin.patch("/id-tags/TAG1", {"status": None}).fields.keys() == {"status"}
    assert admin.patch("/id-tags/TAG1", {}).json == tag


def test_a_tag_deleted_meanwhile_is_not_brought_back(
    csms: Runtime, admin: LambdaOperator, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin.post("/id-tags", {"idTag": "TAG1"})
    known = csms.store.id_tags.get("TAG1")
    csms.store.id_tags.delete("TAG1")
    monkeypatch.setattr(csms.store.id_tags, "get", lambda id_tag: known)
    assert admin.patch("/id-tags/TAG1", {"note": "x"}).status == 404
    assert admin.delete("/id-tags/TAG1").status == 404


def test_each_wrong_field_is_named(csms: Runtime, admin: LambdaOperator) -> None:
    for fields, wrong in WRONG_FIELDS:
        assert admin.post("/id-tags", {"idTag": "TAG1", **fields}).fields.keys() == {wrong}, fields
    assert admin.items("/id-tags") == []


def test_what_is_neither_tag_nor_list_is_refused(csms: Runtime, admin: LambdaOperator) -> None:
    for body in ("1", "null", '"TAG1"', "true"):
        assert admin.send("POST", "/id-tags", body=body).fields.keys() == {"body"}, body


def test_what_is_no_json_is_malformed(csms: Runtime, admin: LambdaOperator) -> None:
    for body in ("", "{", '{"idTag": NaN}', '{"idTag": "\\ud800"}', "[" * 100_000):
        assert admin.send("POST", "/id-tags", body=body).status == 400, body[:20]


def test_another_content_type_is_refused(csms: Runtime, admin: LambdaOperator) -> None:
    assert admin.send("POST", "/id-tags", body="<tag/>", headers={"content-type": "application/xml"}).status == 415


def test_an_import_keeps_the_good_rows_and_names_what_is_wrong_with_the_others(
    csms: Runtime, admin: LambdaOperator
) -> None:
    admin.post("/id-tags", {"idTag": "OLD", "note": "before"})

    answer = admin.post(
        "/id-tags",
        [{"idTag": "NEW"}, {"idTag": "old"}, {"idTag": ""}, {"idTag": "new"}, 7, {"idTag": "A", "status": "Maybe"}],
    )

    assert outcomes(answer) == ["created", "updated", "invalid", "invalid", "invalid", "invalid"]
    assert (answer.json["created"], answer.json["updated"], answer.json["invalid"]) == (1, 1, 4)
    rows = answer.json["rows"]
    assert [row["row"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert rows[3]["errors"] == [{"field": "idTag", "reason": "row 1 has it already"}]
    assert rows[5]["errors"][0]["field"] == "status"
    assert sorted(tag["idTag"] for tag in admin.items("/id-tags")) == ["NEW", "old"]
    assert admin.get("/id-tags/OLD").json["note"] is None


def test_repeating_an_import_changes_nothing(csms: Runtime, admin: LambdaOperator) -> None:
    rows = [{"idTag": f"TAG{number}", "groups": ["a"]} for number in range(3)]
    assert outcomes(admin.post("/id-tags", rows)) == ["created"] * 3
    before = admin.items("/id-tags")
    assert outcomes(admin.post("/id-tags", rows)) == ["updated"] * 3
    assert admin.items("/id-tags") == before


def test_a_csv_file_is_imported_line_by_line(csms: Runtime, admin: LambdaOperator) -> None:
    text = (
        "\ufeffidTag,status,expiryDate,parentIdTag,groups,maxActiveTransactions,note\r\n"
        'A1,Blocked,2027-01-01T00:00:00Z,FAMILY,fleet|vans,unlimited,"lost, found"\r\n'
        "\r\n"
        "A2,,,,,,\r\n"
        "A3,,,,,3\r\n"
        "A4,,soon,,,,\r\n"
        "A5,,,,,,,surplus\r\n"
    )

    answer = import_csv(admin, text)

    assert outcomes(answer) == ["created", "created", "created", "invalid", "invalid"]
    assert [row["row"] for row in answer.json["rows"]] == [2, 4, 5, 6, 7]
    assert answer.json["rows"][3]["errors"][0]["field"] == "expiryDate"
    assert admin.get("/id-tags/A1").json == {
        "idTag": "A1",
        "status": "Blocked",
        "expiryDate": "2027-01-01T00:00:00.000Z",
        "parentIdTag": "FAMILY",
        "groups": ["fleet", "vans"],
        "maxActiveTransactions": None,
        "note": "lost, found",
    }
    assert admin.get("/id-tags/A2").json["maxActiveTransactions"] == 1
    assert admin.get("/id-tags/A3").json["maxActiveTransactions"] == 3


def test_a_spreadsheet_of_semicolons_is_read_as_well(csms: Runtime, admin: LambdaOperator) -> None:
    assert outcomes(import_csv(admin, "idTag;note\nA1;hello\n")) == ["created"]
    assert admin.get("/id-tags/A1").json["note"] == "hello"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "idTag"),
        ("note\nx", "idTag"),
        ("idTag,colour\nA,red", "colour"),
        ("idTag,idTag\nA,B", "idTag"),
        ("idTag\n" + "\n".join(map(str, range(1001))), "body"),
    ],
)
def test_a_csv_file_with_the_wrong_columns_or_too_many_rows_imports_nothing(
    csms: Runtime, admin: LambdaOperator, text: str, wrong: str
) -> None:
    assert wrong in import_csv(admin, text).fields
    assert admin.items("/id-tags") == []


def test_too_long_a_list_imports_nothing(csms: Runtime, admin: LambdaOperator) -> None:
    assert admin.post("/id-tags", [{"idTag": str(number)} for number in range(1001)]).fields.keys() == {"body"}
    assert admin.items("/id-tags") == []


def test_a_file_that_is_no_csv_is_malformed(csms: Runtime, admin: LambdaOperator) -> None:
    assert import_csv(admin, 'idTag\n"open').status == 400
    assert import_csv(admin, "//8=", is_base64=True).status == 400


def test_a_body_in_base64_is_read(csms: Runtime, admin: LambdaOperator) -> None:
    assert import_csv(admin, "aWRUYWcKQTEK", is_base64=True).json["created"] == 1


def test_tags_come_in_pages_and_none_is_missing(csms: Runtime, admin: LambdaOperator) -> None:
    tags = [f"TAG{number:02}" for number in range(40)]
    admin.post("/id-tags", [{"idTag": tag} for tag in tags])
    assert sorted(item["idTag"] for item in admin.items("/id-tags", limit=7)) == tags
    assert json.loads(admin.get("/id-tags").text)["cursor"] is None
