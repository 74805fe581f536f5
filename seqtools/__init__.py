"""Word embeddings and sequence models, compiled with Numba.

Public names load on first use (PEP 562), so that ``import seqtools`` alone pulls in neither NumPy
nor Numba. A new public name goes into both lists below; a test compares them.

Examples
--------
>>> from seqtools import WordVectors
>>> vectors = WordVectors(["cat", "dog", "car"], [[1.0, 0.2], [0.9, 0.3], [-0.8, 0.5]])
>>> vectors.neighbors("cat", k=1)[0].word
'dog'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqtools.audio.feature_settings import FeatureSettings as FeatureSettings
    from seqtools.audio.features import make_features as make_features
    from seqtools.audio.manifest import read_manifest as read_manifest
    from seqtools.audio.reading import read_recording as read_recording
    from seqtools.bias.builtin_sets import builtin_axis as builtin_axis
    from seqtools.bias.builtin_sets import builtin_tests as builtin_tests
    from seqtools.bias.comparison import audit_vectors as audit_vectors
    from seqtools.bias.comparison import compare_debiasing as compare_debiasing
    from seqtools.bias.settings import DebiasSettings as DebiasSettings
    from seqtools.decoding.ctc_fusion import FusionSettings as FusionSettings
    from seqtools.decoding.ctc_fusion import make_fusion as make_fusion
    from seqtools.decoding.ctc_search import CTCBeamSettings as CTCBeamSettings
    from seqtools.decoding.ctc_search import CTCDecoder as CTCDecoder
    from seqtools.decoding.ctc_search import find_best_path as find_best_path
    from seqtools.embeddings.nplm_settings import NPLMSettings as NPLMSettings
    from seqtools.embeddings.plans import GloVePlan as GloVePlan
    from seqtools.embeddings.plans import NPLMPlan as NPLMPlan
    from seqtools.embeddings.plans import TrainingPlan as TrainingPlan
    from seqtools.embeddings.settings import GloVeSettings as GloVeSettings
    from seqtools.embeddings.settings import Word2VecSettings as Word2VecSettings
    from seqtools.embeddings.training import Training as Training
    from seqtools.embeddings.training import train_on_text as train_on_text
    from seqtools.embeddings.vector_files import load_vectors as load_vectors
    from seqtools.embeddings.vector_files import save_vectors as save_vectors
    from seqtools.embeddings.word_vectors import WordVectors as WordVectors
    from seqtools.errors import SeqtoolsError as SeqtoolsError
    from seqtools.errors import SeqtoolsWarning as SeqtoolsWarning
    from seqtools.evaluation.analogy_sets import read_analogy_set as read_analogy_set
    from seqtools.evaluation.beam_errors_run import BeamErrorRequest as BeamErrorRequest
    from seqtools.evaluation.beam_errors_run import run_beam_errors as run_beam_errors
    from seqtools.evaluation.bleu import compare_systems as compare_systems
    from seqtools.evaluation.bleu import score_corpus as score_corpus
    from seqtools.evaluation.bleu import score_segments as score_segments
    from seqtools.evaluation.bleu_settings import BleuSettings as BleuSettings
    from seqtools.evaluation.ctc_tuning import tune_fusion as tune_fusion
    from seqtools.evaluation.default_sets import default_analogy_files as default_analogy_files
    from seqtools.evaluation.default_sets import (
        default_similarity_files as default_similarity_files,
    )
    from seqtools.evaluation.error_rate import ErrorRateSettings as ErrorRateSettings
    from seqtools.evaluation.error_rate import score_transcripts as score_transcripts
    from seqtools.evaluation.similarity_sets import read_similarity_set as read_similarity_set
    from seqtools.evaluation.vector_evaluation import evaluate_word_vectors as evaluate_word_vectors
    from seqtools.evaluation.vector_settings import EvaluationSettings as EvaluationSettings
    from seqtools.layers.ctc import ctc_loss as ctc_loss
    from seqtools.models.gradient_report import measure_gradients as measure_gradients
    from seqtools.models.language_model_files import load_language_model as load_language_model
    from seqtools.models.language_model_plan import LanguageModelPlan as LanguageModelPlan
    from seqtools.models.language_model_run import train_language_model as train_language_model
    from seqtools.models.language_model_score import score_text as score_text
    from seqtools.models.settings import LanguageModelSettings as LanguageModelSettings
    from seqtools.models.speech_files import load_speech_model as load_speech_model
    from seqtools.models.speech_run import SpeechPlan as SpeechPlan
    from seqtools.models.speech_run import train_speech_model as train_speech_model
    from seqtools.models.speech_settings import SpeechSettings as SpeechSettings
    from seqtools.models.text_generation import GenerationSettings as GenerationSettings
    from seqtools.models.text_generation import generate_text as generate_text
    from seqtools.models.transcription_run import TranscriptionPlan as TranscriptionPlan
    from seqtools.models.transcription_run import transcribe as transcribe
    from seqtools.monitor import Monitor as Monitor
    from seqtools.reports.embedding_map import MapSettings as MapSettings
    from seqtools.reports.embedding_map import make_embedding_map as make_embedding_map
    from seqtools.reports.map_files import write_embedding_map as write_embedding_map
    from seqtools.reports.spike_files import write_spikes as write_spikes
    from seqtools.reports.spike_view import make_spike_view as make_spike_view
    from seqtools.text.alphabet import Alphabet as Alphabet
    from seqtools.text.id_cache import TextSettings as TextSettings
    from seqtools.text.kneser_ney import train_ngram_model as train_ngram_model
    from seqtools.text.ngram_model import NGramModel as NGramModel
    from seqtools.text.stream_settings import StreamSettings as StreamSettings
    from seqtools.text.symbols import CodecSettings as CodecSettings
    from seqtools.text.vocabulary import Vocabulary as Vocabulary
    from seqtools.training.settings import OptimizerSettings as OptimizerSettings
    from seqtools.training.settings import ScheduleSettings as ScheduleSettings
    from seqtools.training.settings import TrainingSettings as TrainingSettings

_PUBLIC_NAMES = {
    "Alphabet": "seqtools.text.alphabet",
    "BeamErrorRequest": "seqtools.evaluation.beam_errors_run",
    "BleuSettings": "seqtools.evaluation.bleu_settings",
    "CTCBeamSettings": "seqtools.decoding.ctc_search",
    "CTCDecoder": "seqtools.decoding.ctc_search",
    "CodecSettings": "seqtools.text.symbols",
    "DebiasSettings": "seqtools.bias.settings",
    "ErrorRateSettings": "seqtools.evaluation.error_rate",
    "EvaluationSettings": "seqtools.evaluation.vector_settings",
    "FeatureSettings": "seqtools.audio.feature_settings",
    "FusionSettings": "seqtools.decoding.ctc_fusion",
    "GenerationSettings": "seqtools.models.text_generation",
    "GloVePlan": "seqtools.embeddings.plans",
    "GloVeSettings": "seqtools.embeddings.settings",
    "LanguageModelPlan": "seqtools.models.language_model_plan",
    "LanguageModelSettings": "seqtools.models.settings",
    "MapSettings": "seqtools.reports.embedding_map",
    "Monitor": "seqtools.monitor",
    "NGramModel": "seqtools.text.ngram_model",
    "NPLMPlan": "seqtools.embeddings.plans",
    "NPLMSettings": "seqtools.embeddings.nplm_settings",
    "OptimizerSettings": "seqtools.training.settings",
    "ScheduleSettings": "seqtools.training.settings",
    "SeqtoolsError": "seqtools.errors",
    "SeqtoolsWarning": "seqtools.errors",
    "SpeechPlan": "seqtools.models.speech_run",
    "SpeechSettings": "seqtools.models.speech_settings",
    "StreamSettings": "seqtools.text.stream_settings",
    "TextSettings": "seqtools.text.id_cache",
    "Training": "seqtools.embeddings.training",
    "TrainingPlan": "seqtools.embeddings.plans",
    "TrainingSettings": "seqtools.training.settings",
    "TranscriptionPlan": "seqtools.models.transcription_run",
    "Vocabulary": "seqtools.text.vocabulary",
    "Word2VecSettings": "seqtools.embeddings.settings",
    "WordVectors": "seqtools.embeddings.word_vectors",
    "audit_vectors": "seqtools.bias.comparison",
    "builtin_axis": "seqtools.bias.builtin_sets",
    "builtin_tests": "seqtools.bias.builtin_sets",
    "compare_debiasing": "seqtools.bias.comparison",
    "compare_systems": "seqtools.evaluation.bleu",
    "ctc_loss": "seqtools.layers.ctc",
    "default_analogy_files": "seqtools.evaluation.default_sets",
    "default_similarity_files": "seqtools.evaluation.default_sets",
    "evaluate_word_vectors": "seqtools.evaluation.vector_evaluation",
    "find_best_path": "seqtools.decoding.ctc_search",
    "generate_text": "seqtools.models.text_generation",
    "load_language_model": "seqtools.models.language_model_files",
    "load_speech_model": "seqtools.models.speech_files",
    "load_vectors": "seqtools.embeddings.vector_files",
    "make_embedding_map": "seqtools.reports.embedding_map",
    "make_features": "seqtools.audio.features",
    "make_fusion": "seqtools.decoding.ctc_fusion",
    "make_spike_view": "seqtools.reports.spike_view",
    "measure_gradients": "seqtools.models.gradient_report",
    "read_analogy_set": "seqtools.evaluation.analogy_sets",
    "read_manifest": "seqtools.audio.manifest",
    "read_recording": "seqtools.audio.reading",
    "read_similarity_set": "seqtools.evaluation.similarity_sets",
    "run_beam_errors": "seqtools.evaluation.beam_errors_run",
    "save_vectors": "seqtools.embeddings.vector_files",
    "score_corpus": "seqtools.evaluation.bleu",
    "score_segments": "seqtools.evaluation.bleu",
    "score_text": "seqtools.models.language_model_score",
    "score_transcripts": "seqtools.evaluation.error_rate",
    "train_language_model": "seqtools.models.language_model_run",
    "train_ngram_model": "seqtools.text.kneser_ney",
    "train_on_text": "seqtools.embeddings.training",
    "train_speech_model": "seqtools.models.speech_run",
    "transcribe": "seqtools.models.transcription_run",
    "tune_fusion": "seqtools.evaluation.ctc_tuning",
    "write_embedding_map": "seqtools.reports.map_files",
    "write_spikes": "seqtools.reports.spike_files",
}

__all__ = list(_PUBLIC_NAMES)

if not TYPE_CHECKING:  # so that a type checker sees the imports above and misspelt names

    def __getattr__(name: str) -> Any:
        """Import a public name, or read the installed version, on first use."""
        if name == "__version__":
            from importlib.metadata import version

            return version("seqtools")
        module = _PUBLIC_NAMES.get(name)
        if module is None:
            raise AttributeError(f"module 'seqtools' has no attribute {name!r}")
        return getattr(import_module(module), name)


__version__: str


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted([*__all__, "__version__"])
