"""The strict form of a CRD's schema."""

import check_deploy
import jsonschema
import pytest

SCHEMA = {
    "type": "object",
    "properties": {
        "port": {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"a": {"type": "string"}}},
        "list": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
    },
}


@pytest.mark.parametrize(
    ("document", "valid"),
    [
        ({"port": 80, "list": [{"name": "x"}]}, True),
        ({"port": "http"}, True),
        ({"port": 1.5}, False),
        ({"prot": 80}, False),
        ({"list": [{"nmae": "x"}]}, False),
        ({"free": {"anything": 1}}, True),
    ],
)
def test_unknown_fields_are_errors_where_the_schema_does_not_keep_them(document, valid):
    assert jsonschema.Draft202012Validator(check_deploy.closed(SCHEMA)).is_valid(document) == valid


def test_the_expressions_of_rules_and_dashboard_are_found():
    found = list(check_deploy.expressions())
    assert any(where.startswith("alert ") for where, _ in found) and any(where.startswith("panel ") for where, _ in found)
    assert all(text.strip() for _, text in found)
