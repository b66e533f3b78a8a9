"""`.ci/run` in a tree of its own, with parts that pass, fail and are skipped."""

import shutil
import subprocess

import pytest
from conftest import ROOT

PARTS = {"maven.sh": "verify", "maven_25.sh": "verify-25", "demo.sh": "demo", "python.sh": "python"}


@pytest.fixture
def tree(tmp_path):
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/run", tmp_path / ".ci/run")
    for script, part in PARTS.items():
        write(tmp_path, script, f"echo {part}")
    write(tmp_path, "check_good.py", "echo good")
    write(tmp_path, "check_bad.sh", "echo bad; exit 3")
    write(tmp_path, "check_absent", "echo 'no such tool'; exit 77")
    (tmp_path / ".ci/check_no_script.md").write_text("not executable\n")
    return tmp_path


def write(tree, name, body):
    file = tree / ".ci" / name
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)


def run(tree, *parts):
    return subprocess.run([tree / ".ci/run", *parts], capture_output=True, text=True, timeout=60)


def sections(done):
    return [line.removeprefix("== ") for line in done.stdout.splitlines() if line.startswith("== ") and ":" not in line]


def test_runs_all_parts_and_every_executable_check(tree):
    done = run(tree)
    assert sections(done) == ["verify", "verify-25", "demo", "python", "check_absent", "check_bad", "check_good"]
    assert done.stdout.splitlines()[-3:] == ["skipped check_absent: no such tool", "failed check_bad", "5 passed, 1 failed"]
    assert done.returncode == 1


def test_runs_the_parts_named_with_what_they_need(tree):
    done = run(tree, "check_good")
    assert sections(done) == ["python", "check_good"]
    assert done.returncode == 0
    assert sections(run(tree, "demo")) == ["demo"]
