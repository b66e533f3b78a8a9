#!/usr/bin/env python3
"""The subjects of the commits that the upstream branch doesn't have: at most 72 characters, and something in them.

Skipped where there is no upstream to compare with, as in a tree without git. What is merged already is left alone: nothing
can be done about it any more.
"""

from __future__ import annotations

import subprocess
import sys

MOST = 72


def faults(subjects: list[str]) -> list[str]:
    """A line for each subject that breaks the rule."""
    found = [f"{subject}: {len(subject)} characters (expected: at most {MOST})" for subject in subjects if len(subject) > MOST]
    return found + ["a commit without a subject (expected: one in the imperative)"] * sum(not s.strip() for s in subjects)


def main() -> int:
    log = subprocess.run(["git", "log", "--format=%s", "@{upstream}..HEAD"], capture_output=True, text=True)
    if log.returncode != 0:
        print("no upstream branch to compare with")
        return 77
    subjects = log.stdout.split("\n")[:-1]
    wrong = faults(subjects)
    for line in wrong:
        print(line)
    print(f"{len(subjects)} new commits, {len(wrong)} faults")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
