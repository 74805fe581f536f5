"""Questions to word vectors: neighbours, analogies, similarity, the odd one out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seqtools_cli.options import IntAtLeast, common_options
from seqtools_cli.query_input import STDIN_HELP, answer_all, each_word, one_question
from seqtools_cli.vector_options import loading_options

if TYPE_CHECKING:
    from seqtools_cli.console import Console

_number_option = click.option(
    "-k",
    "--number",
    "k",
    type=IntAtLeast(1),
    default=10,
    show_default=True,
    metavar="N",
    help="Number of answers to a question.",
)
_restrict_option = click.option(
    "--restrict",
    type=IntAtLeast(1),
    metavar="N",
    help="Search the first N words only, which are the most frequent in most files.",
)


@click.command(epilog=STDIN_HELP)
@click.argument("vectors")
@click.argument("words", nargs=-1, metavar="[WORD]...")
@_number_option
@_restrict_option
@loading_options
@common_options
def neighbors(
    vectors: str,
    words: tuple[str, ...],
    k: int,
    restrict: int | None,
    loading: dict[str, Any],
    console: Console,
) -> int:
    """List the words of VECTORS with the highest cosine to each WORD.

    A question of several words, such as 'paris london', asks for the neighbours of their mean.
    """
    from seqtools.embeddings.vector_files import load_vectors

    queries = each_word(words, vectors)
    table = load_vectors(vectors, **loading)
    queries = [query.as_one_word_of(table) for query in queries]
    answered = answer_all(
        queries, table.direction, lambda groups: table.neighbors_of_many(groups, k, restrict)
    )
    if not console.result(
        {
            "vectors": vectors,
            "k": k,
            "queries": [
                query.payload(neighbors=[near._asdict() for near in query.answer or ()])
                for query in queries
            ],
        }
    ):
        console.table(
            ["query", "word", "similarity"],
            [
                [query.text, word, f"{score:.7f}"]
                for query in answered
                for word, score in query.answer
            ],
        )
    return int(len(answered) < len(queries))


@click.command(epilog=STDIN_HELP)
@click.argument("vectors")
@click.argument("words", nargs=-1, metavar="[A B C]")
@click.option(
    "--method",
    type=click.Choice(["add", "mul"]),
    default="add",
    show_default=True,
    help="3CosAdd, the cosine with B - A + C; or 3CosMul, a product of cosines.",
)
@_number_option
@_restrict_option
@loading_options
@common_options
def analogy(
    vectors: str,
    words: tuple[str, ...],
    method: Any,
    k: int,
    restrict: int | None,
    loading: dict[str, Any],
    console: Console,
) -> int:
    """Answer from VECTORS: A is to B as C is to ? (man king woman: queen)."""
    from seqtools.embeddings.vector_files import load_vectors

    queries = one_question(words, vectors, 3, 3)
    table = load_vectors(vectors, **loading)
    answered = answer_all(
        queries, table.unit, lambda asked: table.analogies(asked, k, method, restrict), 3, 3
    )
    payload = [
        query.payload(answers=[near._asdict() for near in query.answer or ()]) for query in queries
    ]
    if not console.result({"vectors": vectors, "method": method, "k": k, "queries": payload}):
        console.table(
            ["question", "answer", "score"],
            [
                ["{} : {} :: {} : ?".format(*query.words), word, f"{score:.7f}"]
                for query in answered
                for word, score in query.answer
            ],
        )
    return int(len(answered) < len(queries))


@click.command(epilog=STDIN_HELP)
@click.argument("vectors")
@click.argument("words", nargs=-1, metavar="[W1 W2]")
@loading_options
@common_options
def similarity(
    vectors: str, words: tuple[str, ...], loading: dict[str, Any], console: Console
) -> int:
    """Compare two words of VECTORS: the cosine, and the Euclidean distance as stored."""
    from seqtools.embeddings.vector_files import load_vectors

    queries = one_question(words, vectors, 2, 2)
    table = load_vectors(vectors, **loading)
    answered = answer_all(
        queries,
        table.unit,
        lambda pairs: [
            (table.similarity(*pair), table.euclidean_distance(*pair)) for pair in pairs
        ],
        2,
        2,
    )
    payload = [
        query.payload(
            **dict(zip(("cosine", "euclidean_distance"), query.answer or (), strict=False))
        )
        for query in queries
    ]
    if not console.result({"vectors": vectors, "queries": payload}):
        console.table(
            ["first", "second", "cosine", "distance"],
            [[*query.words, *(f"{number:.7f}" for number in query.answer)] for query in answered],
        )
    return int(len(answered) < len(queries))


@click.command(epilog=STDIN_HELP)
@click.argument("vectors")
@click.argument("words", nargs=-1, metavar="[WORD]...")
@loading_options
@common_options
def odd_one_out(
    vectors: str, words: tuple[str, ...], loading: dict[str, Any], console: Console
) -> int:
    """Find the word of VECTORS that belongs least to the others.

    Its cosine with the mean of all the question's unit vectors is the lowest.
    """
    from seqtools.embeddings.vector_files import load_vectors

    queries = one_question(words, vectors, 3, None)
    table = load_vectors(vectors, **loading)
    answered = answer_all(
        queries, table.odd_one_out, lambda groups: [table.odd_one_out(group) for group in groups], 3
    )
    payload = [
        query.payload(
            odd_one_out=query.answer[0].word if query.answer else None,
            ranking=[near._asdict() for near in query.answer or ()],
        )
        for query in queries
    ]
    if not console.result({"vectors": vectors, "queries": payload}):
        console.table(
            ["odd one out", "similarity", "question"],
            [[q.answer[0].word, f"{q.answer[0].similarity:.7f}", q.text] for q in answered],
        )
    return int(len(answered) < len(queries))
