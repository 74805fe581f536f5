"""The similarity and analogy sets that the cost of debiasing is measured on."""

import warnings
from collections.abc import Sequence

from seqtools.errors import FileAccessError, MissingDependencyError, SeqtoolsWarning
from seqtools.evaluation.analogy_sets import AnalogySet, read_analogy_sets
from seqtools.evaluation.default_sets import default_analogy_files, default_similarity_files
from seqtools.evaluation.similarity_sets import SimilaritySet, read_similarity_sets


def read_quality_sets(
    similarity_files: Sequence[str], analogy_files: Sequence[str]
) -> tuple[list[SimilaritySet], list[AnalogySet]]:
    """Read the sets named, or those that ship with gensim if none is.

    Raises
    ------
    FileAccessError
        If a file cannot be read.
    TestSetError
        If a file is malformed.

    Warns
    -----
    SeqtoolsWarning
        If none is named and gensim is not there; there is no cost to report then.
    """
    if similarity_files or analogy_files:
        return read_similarity_sets(similarity_files), read_analogy_sets(analogy_files)
    try:
        similarity, analogies = default_similarity_files(), default_analogy_files()
    except (MissingDependencyError, FileAccessError) as error:
        warnings.warn(
            f"the change in similarity and analogy scores is left out: {error}",
            SeqtoolsWarning,
            stacklevel=2,
        )
        return [], []
    return read_similarity_sets(similarity), read_analogy_sets(analogies)
