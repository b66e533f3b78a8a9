"""What the checks compute before they look at a server."""

import base64
import json
import subprocess

import check_commits
import check_interop
import check_network
import check_security
import check_serve
import inference
import models_again
import numpy as np
import pytest


def test_a_subject_has_something_in_it_and_at_most_72_characters():
    assert check_commits.faults(["Give names", "x" * 72]) == []
    assert check_commits.faults(["x" * 73]) == [f"{'x' * 73}: 73 characters (expected: at most 72)"]
    assert len(check_commits.faults(["", "y" * 80])) == 2


def test_candidates_are_repeated_and_all_but_one_of_their_columns_become_context():
    request = {
        "context": [{"name": "age", "int64Values": {"values": ["7"]}}],
        "candidates": {
            "count": 2,
            "columns": [
                {"name": "words", "raggedStringValues": {"values": ["a", "b", "c"], "rowLengths": [2, 1]}},
                {"name": "id", "int64Values": {"values": ["1", "2"]}},
            ],
        },
    }
    made = check_serve.heavy(request, 3)
    assert made["context"] == [
        {"name": "age", "int64Values": {"values": ["7"]}},
        {"name": "words", "raggedStringValues": {"values": ["a", "b"], "rowLengths": [2]}},
    ]
    assert made["candidates"] == {"count": 3, "columns": [{"name": "id", "int64Values": {"values": ["1", "1", "1"]}}]}


@pytest.mark.parametrize(
    ("rows", "column"),
    [
        ([1, 2], {"name": "f", "int64Values": {"values": ["1", "2"]}}),
        ([0.5], {"name": "f", "floatValues": {"values": [0.5]}}),
        ([[1], [2, 3]], {"name": "f", "raggedInt64Values": {"values": ["1", "2", "3"], "rowLengths": [1, 2]}}),
        ([[0.5]], {"name": "f", "raggedFloatValues": {"values": [0.5], "rowLengths": [1]}}),
    ],
)
def test_a_column_has_the_type_of_its_values(rows, column):
    assert check_interop.column("f", rows) == column


def test_the_largest_difference_of_scores():
    assert inference.worst(np.array([[1.0], [2.5]]), [1.0, 2.0]) == 0.5
    with pytest.raises(AssertionError, match=r"2 scores \(expected: 1\)"):
        inference.worst(np.zeros(2), [0.0])


def test_a_golden_request_repeats_its_context_for_every_row():
    tensors, scores = inference.golden()
    assert {len(array) for array in tensors.values()} == {len(scores)}


def test_a_frame_has_length_type_flags_and_stream():
    assert check_network.frame(3, 0, 5, b"\0\0\0\x08") == b"\0\0\x04\x03\0\0\0\0\x05\0\0\0\x08"
    # HPACK: 0x83 POST, 0x86 http, a literal :path (name 4 of the static table), :authority (1), content-type (31).
    assert check_network.headers(b"/x") == b"\x83\x86\x44\x02/x\x41\x01x\x5f\x10application/grpc"


def test_statuses_are_compared_name_by_name():
    assert check_security.matrix({"a": "OK", "b": "UNAVAILABLE"}, {"a": "OK", "b": "OK|UNAVAILABLE"}) == "a OK, b UNAVAILABLE"
    with pytest.raises(AssertionError, match="'a': 'OK'"):
        check_security.matrix({"a": "OK"}, {"a": "UNAUTHENTICATED"})


def test_a_jwt_is_signed_over_its_head_and_claims(tmp_path, monkeypatch):
    monkeypatch.setattr(check_security, "WORK", tmp_path)
    check_security.openssl("genrsa", "-out", "jwt.key", "2048")
    check_security.openssl("rsa", "-in", "jwt.key", "-pubout", "-out", "jwt.pub")
    signed, _, signature = check_security.jwt(600).rpartition(".")
    head, claims = (json.loads(decoded(part)) for part in signed.split("."))
    assert head["alg"] == "RS256" and claims["aud"] == "podium"
    (tmp_path / "signature").write_bytes(decoded(signature))
    done = subprocess.run(["openssl", "dgst", "-sha256", "-verify", "jwt.pub", "-signature", "signature"],
                          input=signed.encode(), cwd=tmp_path, capture_output=True)
    assert done.returncode == 0


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_folders_differ_in_all_but_cards_and_versions(tmp_path):
    ours, made = tmp_path / "ours", tmp_path / "made"
    for folder in (ours, made):
        (folder / "1").mkdir(parents=True)
        (folder / "same").write_text("x")
        (folder / "README.md").write_text(str(folder))
        (folder / "1/model.onnx").write_text(str(folder))
    (ours / "only").write_text("x")
    (ours / "other").write_text("x")
    (made / "other").write_text("y")
    assert models_again.differing(ours, made) == ["only", "other"]


def test_the_auc_of_a_model_card(tmp_path):
    (tmp_path / "README.md").write_text("# m\n\n| metric | mean |\n|---|---|\n| AUC | 0.7812 ± 0.001 |\n")
    assert models_again.auc(tmp_path / "README.md") == 0.7812
