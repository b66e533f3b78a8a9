"""What counts as a broken link, and which anchors headings have."""

import check_docs
import pytest


@pytest.fixture
def page(tmp_path, monkeypatch):
    monkeypatch.setattr(check_docs, "ROOT", tmp_path)
    (tmp_path / "other.md").write_text("# Other\n\n## A `code` word, and more\n\n```\n# no heading\n```\n")

    def write(text):
        (tmp_path / "page.md").write_text(text)
        return check_docs.broken_links(tmp_path / "page.md")

    return write


def test_anchors_are_made_as_github_makes_them(page, tmp_path):
    assert check_docs.anchors(tmp_path / "other.md") == {"other", "a-code-word-and-more"}


@pytest.mark.parametrize(
    "link", ["other.md", "other.md#a-code-word-and-more", "#own", "https://example.org/x", "mailto:x@example.org"]
)
def test_a_link_that_leads_somewhere(page, link):
    assert page(f"# Own\n\n[text]({link})\n") == []


@pytest.mark.parametrize("link", ["gone.md", "other.md#no-heading", "#nowhere", "../outside.md"])
def test_a_link_that_leads_nowhere(page, link):
    assert page(f"# Own\n\n[text]({link})\n") == [f"page.md: {link}"]


def test_what_stands_in_a_code_block_is_no_link(page):
    assert page("```\n[text](gone.md)\n```\n") == []
