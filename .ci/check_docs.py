#!/usr/bin/env python3
"""The pages: every relative link leads somewhere, pictures are well-formed, figures are as measured, the README's Java
compiles.

The Java needs a build (./podium --version) and javac, by JAVA_HOME or on the PATH.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# What the README's example leaves out.
AROUND = """
import dev.podium.client.Ranking;
import dev.podium.client.RankingClient;
import dev.podium.client.RankingRequest;
import java.time.Duration;
import java.util.List;

final class Example {{
  record Item(long id, double price) {{}}

  static void rank(List<Item> items) {{
{code}
  }}
}}
"""


def pages() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md", "*.svg"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).exists()]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ +(.+?) *$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> list[str]:
    text = re.sub(r"^ *```.*?^ *```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            broken.append(f"{page.relative_to(ROOT)}: {link}")
    return broken


def compile_readme() -> str:
    """The compiler's complaint about the README's example; empty if it has none."""
    library = ROOT / "cli/target/lib"
    code = re.search(r"^```java\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    if code is None:
        return "README.md: no Java example"
    javac = Path(os.environ["JAVA_HOME"]) / "bin/javac" if "JAVA_HOME" in os.environ else "javac"
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "Example.java"
        source.write_text(AROUND.format(code=code[1]), encoding="utf-8")
        run = subprocess.run(
            [str(javac), "-cp", f"{library}/*", "-d", folder, str(source)], capture_output=True, text=True, check=False
        )
        return "" if run.returncode == 0 else run.stderr


def main() -> int:
    failures = 0

    def result(name: str, problems: list[str]) -> None:
        nonlocal failures
        failures += bool(problems)
        print(f"{'FAIL ' if problems else 'ok   '} {name}")
        for problem in problems:
            print("      " + problem)

    all_pages = pages()
    markdown = [page for page in all_pages if page.suffix == ".md"]
    result(f"links of {len(markdown)} pages", [link for page in markdown for link in broken_links(page)])
    malformed = []
    pictures = [page for page in all_pages if page.suffix == ".svg"]
    for picture in pictures:
        try:
            xml.etree.ElementTree.parse(picture)
        except xml.etree.ElementTree.ParseError as error:
            malformed.append(f"{picture.relative_to(ROOT)}: {error}")
    result(f"{len(pictures)} pictures are well-formed", malformed)
    drawn = subprocess.run(
        [sys.executable, str(ROOT / "docs/figures/draw.py"), "--check"], capture_output=True, text=True, check=False
    )
    result("the figures are those of the JSON files", drawn.stderr.splitlines())
    subprocess.run([str(ROOT / "podium"), "--version"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    result("the README's Java compiles", compile_readme().splitlines())
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
