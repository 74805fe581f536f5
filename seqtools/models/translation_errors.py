"""Is the search or the model at fault? Asked of a stored translator and parallel text."""

import os

from seqtools.errors import SegmentError
from seqtools.evaluation.beam_errors_codec import CodecPair
from seqtools.evaluation.beam_errors_model import ModelErrors, ModelErrorSettings, analyze_model
from seqtools.evaluation.bleu_files import file_name, read_lines
from seqtools.models.translation import load_translation
from seqtools.models.translator_scorer import TranslatorScorer
from seqtools.monitor import Monitor

Path = str | os.PathLike[str]


def analyze_translation_errors(
    model: Path,
    source: Path,
    reference: Path,
    settings: ModelErrorSettings | None = None,
    monitor: Monitor | None = None,
    threads: int = 1,
) -> ModelErrors:
    """Search a file's sentences with a stored translator and say what went wrong.

    Parameters
    ----------
    model : path-like
        A directory that ``train-nmt`` wrote.
    source, reference : path-like
        A sentence a line, plain or compressed; "-" is standard input.
    settings : ModelErrorSettings, optional
        What to ask.
    monitor : Monitor, optional
        Hears how far the work is.
    threads : int
        Batches searched side by side; they change no result.

    Raises
    ------
    ModelError
        If the directory holds no translator.
    SegmentError
        If the files have different numbers of lines, or no word.
    """
    sources, references = read_lines(source), read_lines(reference)
    if len(sources) != len(references):
        raise SegmentError(
            f"{len(sources)} lines, but {file_name(reference)} has {len(references)}",
            path=file_name(source),
            remedy="give every source line its reference",
        )
    for path, lines in ((source, sources), (reference, references)):
        if not any(line.strip() for line in lines):
            raise SegmentError(
                f"no words in its {len(lines):,} lines" if lines else "is empty",
                path=file_name(path),
                remedy="name a file with a sentence a line",
            )
    found = load_translation(model)
    scorer, *helpers = (TranslatorScorer(found.translator) for _ in range(max(threads, 1)))
    codec = CodecPair(found.source_codec, found.target_codec)
    return analyze_model(scorer, codec, sources, references, settings, monitor, helpers)
