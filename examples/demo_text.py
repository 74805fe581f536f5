"""Write half a million words of plain text, from the samples that ship with gensim.

Run it with ``python examples/demo_text.py OUTPUT``. The samples are some 200 articles of Wikipedia
and 300 news stories; a paragraph becomes a line of words without punctuation.
"""

import bz2
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ARTICLES = "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
NEWS = "lee_background.cor"
SHORTEST_LINE = 6
WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")


def find_samples() -> Path:
    """Return gensim's folder of samples, or leave with one line."""
    found = importlib.util.find_spec("gensim")
    folder = Path(found.origin).parent / "test" / "test_data" if found and found.origin else None
    if folder is None or not (folder / ARTICLES).is_file() or not (folder / NEWS).is_file():
        sys.exit("the demo's text ships with gensim, which is not here: use Python 3.11 to 3.13")
    return folder


def paragraphs(folder: Path) -> Iterator[str]:
    """Yield the paragraphs of the articles, without wiki markup, and the news stories."""
    from gensim.corpora.wikicorpus import extract_pages, filter_wiki

    with bz2.open(folder / ARTICLES) as pages:
        for _, text, _ in extract_pages(pages, ("0",)):
            if not text.lower().startswith("#redirect"):
                yield from filter_wiki(text).split("\n")
    yield from (folder / NEWS).read_text("utf-8").split("\n")


def main() -> None:
    """Write the text; headings and other lines of a few words are left out."""
    output = Path(sys.argv[1])
    output.parent.mkdir(parents=True, exist_ok=True)
    lines = [WORD.findall(paragraph) for paragraph in paragraphs(find_samples())]
    kept = [" ".join(words) for words in lines if len(words) >= SHORTEST_LINE]
    output.write_text("\n".join(kept) + "\n", "utf-8")


if __name__ == "__main__":
    main()
