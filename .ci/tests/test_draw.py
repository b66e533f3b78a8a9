"""How figures become tables, rows and verdicts."""

import json
import xml.etree.ElementTree

import draw
import plots
import pytest


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (True, "True"), ("a|b", "a\\|b"), (1234567, "1,234,567"), (1234.5, "1,234"), (123.45, "123.5"),
     (12.345, "12.35"), (0.1, "0.10"), (0.0123, "0.0123"), (0.0, "0.00"), (0, "0")],
)
def test_numbers_have_as_many_digits_as_they_are_worth(value, text):
    assert draw.number(value) == text


def test_a_table_has_a_head_a_rule_and_its_rows():
    assert draw.table(["a", "b"], [[1, None]]) == "| a | b |\n| --- | --- |\n| 1 | – |"


def test_a_verdict_names_what_was_missed():
    assert draw.verdict([]) == "–"
    assert draw.verdict([("one", True), ("two", True)]) == "2 of 2 met"
    assert draw.verdict([("one", True), ("two: 3 (at most 2)", False)]) == "1 of 2 met; **missed**: two: 3 (at most 2)"


def row(system, ratio, candidates=10):
    return {"system": system, "model": "din", "candidates": candidates, "callers": 8, "ratio": ratio}


def test_only_podium_is_judged_and_only_where_there_is_a_target():
    rows = [row("podium", 0.9), row("peer", 0.1), row("podium", 2.0, candidates=77)]
    assert draw.judge_bench(rows) == [("DIN 10 × 8: 0.90 (at least 1.00)", False)]


def test_a_target_is_shown_with_its_own_bound():
    report = {
        "rows": [{"time": 1, "lost": 0}],
        "notes": ["a note"],
        "criteria": [
            {"name": "answered", "figure": 10, "at_least": 9, "passed": True},
            {"name": "lost", "figure": 3, "at_most": 0, "passed": False},
        ],
    }
    page = draw.stress("kill", report)
    assert "| met | answered | 10 | at least 9 |" in page.body and "| missed | lost | 3 | at most 0 |" in page.body
    assert "Note: a note." in page.body
    assert (page.shows, page.figure) == ("answered", "10")
    assert page.targets == "1 of 2 met; **missed**: lost: 3 (at most 0)"


def test_text_between_markers_is_replaced_and_a_page_without_them_is_an_error(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- x -->\nold\n<!-- /x -->\nafter\n")
    assert draw.replaced(page, "x", "new") == "before\n<!-- x -->\n\nnew\n\n<!-- /x -->\nafter\n"
    with pytest.raises(SystemExit, match="page.md: no <!-- y -->"):
        draw.replaced(page, "y", "new")


def test_a_file_that_is_no_json_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(draw, "HERE", tmp_path)
    assert draw.read("bench") is None
    (tmp_path / "bench.json").write_text("{")
    with pytest.raises(SystemExit, match="draw.py: bench.json: "):
        draw.read("bench")


def test_the_readme_shows_both_models_or_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(draw, "HERE", tmp_path)
    assert draw.readme_table() is None
    for model, ratio in (("deepfm", 3.0), ("din", 5.5)):
        execution = {"speeds": [{"rows": rows, "ratio": ratio} for rows in draw.README_ROWS], "largest_difference": 1e-6}
        (tmp_path / f"inspect-{model}.json").write_text(json.dumps({"execution": execution}))
    table = draw.readme_table().splitlines()
    assert table[0] == "| candidates | DeepFM | DIN |" and table[-1] == "| largest difference of a score | 1.0e-06 | 1.0e-06 |"
    assert table[2:-1] == [f"| {rows:,} | 3.00 | 5.50 |" for rows in draw.README_ROWS]


@pytest.mark.parametrize(
    "picture",
    [
        plots.bars("<title>", [("a & b", [("one", 0.5), ("two", 2.0)])]),
        plots.lines("x", "y", [("curve", [(1, 0.5), (10, 4.0)])]),
        plots.stacked([("process", [("part", 0.7), ("small", 0.01)])]),
    ],
)
def test_pictures_are_well_formed(picture):
    assert xml.etree.ElementTree.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"


def test_a_bar_is_as_long_as_its_value():
    root = xml.etree.ElementTree.fromstring(plots.bars("title", [("group", [("one", 1.0), ("two", 2.0)])]))
    widths = [float(r.get("width")) for r in root.iter("{http://www.w3.org/2000/svg}rect") if r.get("height") == "12"]
    assert widths[1] == pytest.approx(2 * widths[0], abs=0.2)
