"""Which checks run, what their lines say, and what a script's exit status is."""

import sys

import harness
import pytest
from harness import Checks, NotRun


def raise_it(error):
    def check():
        raise error

    return check


@pytest.mark.parametrize(
    ("wanted", "ran"),
    [([], ["nginx", "nginx again", "idle"]), (["nginx"], ["nginx", "nginx again"]), (["id", "x"], ["idle"]), (["no"], [])],
)
def test_names_on_the_command_line_choose_by_their_beginning(monkeypatch, wanted, ran):
    monkeypatch.setattr(sys, "argv", ["check", *wanted])
    checks, seen = Checks(), []
    for name in ("nginx", "nginx again", "idle"):
        checks.run(name, lambda name=name: seen.append(name) or "")
    assert seen == ran


def test_a_failure_is_one_line_and_the_next_check_runs(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["check"])
    checks = Checks()
    checks.run("broken", raise_it(ValueError("two\nlines")))
    checks.run("absent", raise_it(NotRun("no such tool")))
    checks.run("fine", lambda: "as expected")
    assert checks.status() == 1
    assert capsys.readouterr().out.splitlines() == [
        "FAIL  broken: ValueError: two lines",
        "skip  absent: not run: no such tool",
        "ok    fine: as expected",
        "1 passed, 1 failed, 1 not run",
    ]


def test_checks_that_did_not_run_are_no_failure(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["check"])
    checks = Checks()
    checks.run("absent", raise_it(NotRun("no such tool")))
    assert checks.status() == 0


def test_until_ends_when_the_condition_holds_and_says_what_is_missing_when_it_does_not():
    answers = iter([False, True])
    harness.until(lambda: next(answers), 10, "never")
    with pytest.raises(AssertionError, match="after 0 s: no answer"):
        harness.until(lambda: False, 0, "no answer")


def test_a_command_that_fails_is_told_with_the_end_of_what_it_said():
    assert harness.run("echo", "here") == "here\n"
    with pytest.raises(RuntimeError, match="sh: status 3: gone"):
        harness.run("sh", "-c", "echo gone >&2; exit 3")


def test_a_golden_request_has_at_least_the_rows_asked_for():
    assert harness.golden_request("movies-din", 7)["candidates"]["count"] >= 7
    with pytest.raises(StopIteration):
        harness.golden_request("movies-din", 10**9)
