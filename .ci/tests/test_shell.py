"""What the shell scripts compute: sums of tests, and counts of the demo's lines."""

import os
import shutil
import subprocess

import pytest
from conftest import ROOT


def program(folder, name, body):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / name).chmod(0o755)


def maven(tmp_path, output, status):
    program(tmp_path / "bin", "mvn", f"cat <<'END'\n{output}\nEND\nexit {status}")
    program(tmp_path / "bin", "java", "echo java version 17")
    (tmp_path / "log").mkdir()
    environment = {**os.environ, "CI_WORK": str(tmp_path), "PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
    environment.pop("JAVA_HOME", None)
    return subprocess.run([ROOT / ".ci/maven.sh", tmp_path, "verify"], capture_output=True, text=True, env=environment)


def test_tests_of_all_modules_are_added_up(tmp_path):
    done = maven(
        tmp_path,
        "[INFO] Tests run: 4, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 1 s -- in a class\n"
        "[INFO] Tests run: 4, Failures: 0, Errors: 0, Skipped: 0\n"
        "[WARNING] Tests run: 30, Failures: 0, Errors: 0, Skipped: 2\n"
        "[INFO] Podium: wire ..... SUCCESS [  1 s]",
        0,
    )
    assert done.returncode == 0
    assert done.stdout.splitlines()[1:] == ["[INFO] Podium: wire ..... SUCCESS [  1 s]", "34 tests run, 2 of them skipped"]


def test_a_build_that_fails_shows_its_errors_and_keeps_the_status(tmp_path):
    done = maven(tmp_path, "[ERROR] a class: 1 test failed", 5)
    assert done.returncode == 5
    assert "[ERROR] a class: 1 test failed" in done.stdout


FILM = "  1  A film 1994  drama 0.9000"


@pytest.fixture
def demo(tmp_path):
    """.ci/demo.sh with one viewer, two models and a `podium demo` that prints so many films a ranking."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/demo.sh", tmp_path / ".ci/demo.sh")
    (tmp_path / "models/catalogue").mkdir(parents=True)
    (tmp_path / "models/catalogue/viewers.jsonl").write_text("{}\n")
    for model in ("movies-a", "movies-b"):
        (tmp_path / "models/repository" / model).mkdir(parents=True)

    def run(films):
        rankings = "".join(f"  {model} version 1\n" + f"{FILM}\n" * films for model in ("movies-a", "movies-b"))
        program(tmp_path, "podium", f"cat <<'END'\nliked a film\n{rankings}END")
        environment = {**os.environ, "CI_WORK": str(tmp_path)}
        return subprocess.run([".ci/demo.sh"], cwd=tmp_path, capture_output=True, text=True, env=environment)

    return run


def test_the_demo_must_rank_five_films_for_each_viewer_with_each_model(demo):
    assert demo(5).returncode == 0
    short = demo(4)
    assert short.returncode == 1
    assert "demo: expected 1 viewers, 2 rankings, 10 films" in short.stdout
