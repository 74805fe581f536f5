"""Options that contradict each other, or would have no effect: told before anything is read."""

import pytest

from docs.command_pages import walk
from seqtools_cli import beam_errors_options, decoding_rules, train_options, training_rules
from seqtools_cli.option_rules import Unheeded, check_rules, parameter_name

COMMANDS = {name.removeprefix("seqtools "): command for name, _, command in walk()}
STARTS = {
    "embed train": "t.txt",
    "train-lm": "t.txt -o m",
    "train-nmt": "--src s.txt --trg t.txt -o m",
    "train-asr": "--train t.tsv -o m",
    "train-ngram": "t.txt -o m.arpa",
    "perplexity": "m",
    "translate": "m s.txt",
    "score": "m",
    "generate": "m",
    "transcribe": "m x.wav",
    "wer": "",
    "beam-errors": "",
}
RULES = {
    "embed train": train_options._RULES,
    "train-lm": training_rules.LANGUAGE_MODEL_RULES,
    "train-nmt": training_rules.TRANSLATION_RULES,
    "train-asr": training_rules.SPEECH_RULES,
    "translate": decoding_rules.TRANSLATE_RULES,
    "generate": decoding_rules.GENERATE_RULES,
    "transcribe": decoding_rules.TRANSCRIBE_RULES,
    "beam-errors": beam_errors_options._RULES,
}
TRAINERS = ("train-lm", "train-nmt", "train-asr")

REFUSED = [
    *(
        (command, options, message)
        for command in TRAINERS
        for options, message in [
            ("--peepholes --cell gru", "--peepholes needs --cell lstm, not gru"),
            ("--peepholes --cell rnn", "--peepholes needs --cell lstm, not rnn"),
            ("--cell lstm --gru-variant reset-before", "--gru-variant needs --cell gru"),
            ("--nesterov", "--nesterov needs --optimizer momentum"),
            ("--momentum 0.5 --optimizer sgd", "--momentum needs --optimizer momentum"),
            ("--beta1 0.5 --optimizer rmsprop", "--beta1 needs --optimizer adam or adamw"),
            ("--beta2 0.5 --optimizer adagrad", "--beta2 needs --optimizer rmsprop, adam or"),
            ("--epsilon 0.1 --optimizer momentum", "--epsilon needs --optimizer adagrad, rms"),
            ("--decay 0.1 --schedule cosine", "--decay needs --schedule step, decay-after or"),
            ("--decay-every 2 --schedule cosine", "--decay-every needs --schedule step or plat"),
            ("--decay-after 2 --schedule step", "--decay-after needs --schedule decay-after"),
            ("--min-factor 0.1", "--min-factor needs a --schedule other than constant"),
            ("--resume --overwrite", "--overwrite contradicts --resume"),
            ("--dropout 0 --variational-dropout", "--variational-dropout needs --dropout"),
        ]
    ),
    ("train-lm", "--min-delta 0.1", "--min-delta needs --patience above 0 or --schedule plateau"),
    ("train-lm", "--patience 2 --valid-share 0", "--patience needs --valid, or --valid-share"),
    ("train-lm", "--average-best 2 --valid-share 0", "--average-best needs --valid, or"),
    ("train-lm", "--schedule plateau --valid-share 0", "--schedule plateau needs --valid, or"),
    ("train-lm", "--valid v.txt --valid-share 0.1", "--valid-share has no effect with --valid"),
    ("train-lm", "--level subword --vocab-size 5", "--vocab-size 5 is too small for --level sub"),
    ("train-lm", "--level subword --min-count 2", "--min-count needs --level char or word"),
    ("train-lm", "- -", "TEXT names standard input (-) twice"),
    ("train-lm", "- --valid -", "TEXT and --valid cannot both be standard input (-)"),
    ("train-nmt", "--vocab-size 260", "--vocab-size 260 is too small"),
    ("train-nmt", "--hidden-size 7", "--hidden-size 7 must be even for --bidirectional"),
    ("train-nmt", "--encoder-size 9", "--encoder-size 9 must be even for --bidirectional"),
    ("train-nmt", "--tied-embeddings all", "--tied-embeddings all needs --joint-vocab"),
    ("train-nmt", "--attention none --attention-size 9", "--attention-size needs --attention add"),
    ("train-nmt", "--attention dot --attention-size 9", "--attention-size needs --attention add"),
    ("train-nmt", "--layers 2 --encoder-layers 1 --decoder-layers 1", "--layers has no effect"),
    ("train-nmt", "--level word --subword-model bpe", "--subword-model needs --level subword"),
    ("train-nmt", "--dev d --dev-share 0.1", "--dev-share has no effect with development lines"),
    ("train-nmt", "--src-lang de", "--src-lang needs --train or --dev"),
    ("train-nmt", "--src - --trg -", "--src and --trg cannot both be standard input (-)"),
    ("train-asr", "--patience 2", "--patience needs --dev."),
    ("train-asr", "--average-best 2", "--average-best needs --dev."),
    ("train-asr", "--schedule plateau", "--schedule plateau needs --dev."),
    ("train-asr", "--metric cer", "--metric needs --dev."),
    ("train-asr", "--time-masks 1", "--time-masks needs --mask."),
    ("train-asr", "--frequency-mask-filters 3", "--frequency-mask-filters needs --mask."),
    ("train-asr", "--mels 512 --sample-rate 16000", "--mels 512 is too many for --window 0.025"),
    ("train-asr", "--window 0.001 --sample-rate 100", "--window 0.001 holds no sample"),
    ("train-asr", "--hop 0.001 --sample-rate 100", "--hop 0.001 holds no sample"),
    ("train-asr", "--dev -", "--train and --dev cannot be standard input (-)"),
    ("train-ngram", "- --valid -", "TEXT and --valid cannot both be standard input (-)"),
    ("perplexity", "- -", "TEXT names standard input (-) twice"),
    ("score", "- -", "SRC and TRG cannot both be standard input (-)"),
    ("wer", "- -", "HYP and REF cannot both be standard input (-)"),
    ("wer", "- --ref -", "HYP and REF cannot both be standard input (-)"),
    ("translate", "--n-best 9 -b 5", "--n-best 9 is above --beam-size 5; raise --beam-size"),
    ("translate", "--replace-unk", "--replace-unk has nothing to replace without --allow-unk"),
    ("translate", "--temperature 0.5", "--temperature needs --sample"),
    ("translate", "--temperature 0", "--temperature needs --sample"),
    ("translate", "--top-k 3", "--top-k needs --sample"),
    ("translate", "--top-p 0.9", "--top-p needs --sample"),
    ("translate", "--sample --beam-size 9", "--beam-size has no effect with --sample"),
    ("translate", "--n-best-format jsonl", "--n-best-format needs --n-best above 1"),
    ("translate", "--n-best 2 --n-best-format moses --json", "--n-best-format has no effect with"),
    ("translate", "--by-words", "--by-words needs --attention-plot"),
    ("generate", "--greedy --temperature 0.5", "--temperature has no effect with --greedy"),
    ("generate", "--greedy --top-k 3", "--top-k has no effect with --greedy"),
    ("generate", "--greedy --top-p 0.5", "--top-p has no effect with --greedy"),
    ("generate", "--report - --report -", "--report names standard input (-) twice"),
    ("transcribe", "--manifest t.tsv", "Name recordings, or give --manifest"),
    ("transcribe", "--n-best 2", "--n-best needs --beam-size"),
    ("transcribe", "--n-best 9 --beam-size 5", "--n-best 9 is above --beam-size 5"),
    ("transcribe", "--n-best 2 --beam-size 5", "--n-best needs --json"),
    ("transcribe", "--lm m.arpa", "--lm needs --beam-size"),
    ("transcribe", "--beam-size 2 --lm-weight 1", "--lm-weight needs --lm"),
    ("transcribe", "--beam-size 2 --word-bonus 1", "--word-bonus needs --lm"),
    ("transcribe", "--beam-size 2 --tune t.tsv", "--tune needs --lm"),
    (
        "transcribe",
        "--beam-size 2 --lm m.arpa --tune t.tsv --lm-weight 0",
        "--lm-weight has no effect with --tune",
    ),
    ("embed train", "--model nplm --window 64", "--window 64 is above 63"),
    ("embed train", "--model nplm --patience 2 --valid-share 0", "--patience needs --valid, or"),
    ("embed train", "--model nplm --valid v --valid-share 0.1", "--valid-share has no effect"),
    ("embed train", "--min-lr 1", "--min-lr 1 is above --lr"),
    ("embed train", "--lr 0.01 --min-lr 0.02", "--min-lr 0.02 is above --lr"),
    ("embed train", "--loss hs --save-context c.vec", "--save-context needs --loss ns"),
    ("embed train", "--loss hs --negative 3", "--negative needs --loss ns"),
    ("embed train", "--loss hs --noise-exponent 0", "--noise-exponent needs --loss ns"),
    ("embed train", "--subsample 0 --subsample-rule paper", "--subsample-rule needs --subsample"),
    ("embed train", "--vocab v.tsv --min-count 2", "--min-count is of no use with --vocab"),
    ("beam-errors", "m - -", "SRC and REF cannot both be standard input (-)"),
    ("beam-errors", "m s.txt t.txt --node-budget 9", "--node-budget needs --exact"),
    ("beam-errors", "m s.txt t.txt --stories 9", "--stories needs --html"),
    ("beam-errors", "--scores s.tsv --nbest-feature F0", "--nbest-feature needs --nbest"),
    ("embed train", "- --vocab -", "CORPUS and --vocab cannot both be standard input (-)"),
]

ACCEPTED = [
    *((command, "") for command in RULES),
    *(
        (command, options)
        for command in TRAINERS
        for options in [
            "--cell gru --gru-variant reset-before",
            "--cell lstm --peepholes",
            "--optimizer momentum --nesterov --momentum 0.5",
            "--optimizer adamw --beta1 0.8 --beta2 0.9 --epsilon 1e-6",
            "--schedule step --decay 0.1 --decay-every 2 --min-factor 0.1",
            "--schedule decay-after --decay-after 2",
            "--resume",
            "--overwrite",
        ]
    ),
    ("train-lm", "--patience 2 --min-delta 0.1 --average-best 2 --schedule plateau"),
    ("train-lm", "--patience 0 --average-best 1 --valid-share 0 --grad-stats"),
    ("train-lm", "--valid v.txt --valid-share 0 --patience 2"),
    ("train-lm", "--level subword --vocab-size 261"),
    ("train-nmt", "--patience 2 --average-best 2"),
    ("train-nmt", "--hidden-size 7 --no-bidirectional"),
    ("train-nmt", "--hidden-size 7 --encoder-size 8"),
    ("train-nmt", "--tied-embeddings all --joint-vocab"),
    ("train-nmt", "--attention-size 9"),
    ("train-nmt", "--layers 2 --encoder-layers 1"),
    ("train-asr", "--dev d.tsv --patience 2 --metric cer --schedule plateau"),
    ("train-asr", "--mels 512"),
    ("train-asr", "--mask --time-masks 1"),
    ("train-asr", "--input-dropout 0.1 --variational-dropout"),
    ("translate", "--n-best 5"),
    ("translate", "--sample --n-best 9 --temperature 0 --top-k 3"),
    ("translate", "--n-best 2 --n-best-format jsonl"),
    ("generate", "--temperature 0 --top-k 3"),
    ("transcribe", "--beam-size 5 --n-best 5 --json"),
    ("transcribe", "--beam-size 5 --lm m.arpa --tune t.tsv"),
    ("embed train", "--model nplm --window 63 --patience 2"),
    ("embed train", "--loss hs"),
]


def command_line(command, options):
    return [*command.split(), *STARTS[command].split(), *options.split()]


@pytest.mark.parametrize(("command", "options", "message"), REFUSED)
def test_what_does_not_go_together_is_wrong_usage(
    seqtools, command, options, message, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    outcome = seqtools(*command_line(command, options))
    assert outcome.exit_code == 2
    assert outcome.stdout == ""
    [*_, line] = outcome.stderr.splitlines()
    assert line.startswith("Error: " + message)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("command", "options"), ACCEPTED)
def test_what_goes_together_is_let_pass(command, options):
    arguments = command_line(command, options)[len(command.split()) :]
    with COMMANDS[command].make_context(command, arguments):
        check_rules(RULES[command])


def test_a_file_of_options_may_hold_some_that_others_switch_off(tmp_path):
    config = tmp_path / "options.toml"
    config.write_text('optimizer = "momentum"\nmomentum = 0.8\nschedule = "step"\ndecay = 0.7\n')
    arguments = ["t.txt", "-o", "m", "--config", str(config), "--optimizer", "adam"]
    arguments += ["--schedule", "cosine"]
    with COMMANDS["train-lm"].make_context("train-lm", arguments) as context:
        assert context.params["momentum"] == 0.8
        check_rules(RULES["train-lm"])


def test_a_file_of_options_may_not_contradict_itself(seqtools, tmp_path):
    config = tmp_path / "options.toml"
    config.write_text('cell = "gru"\npeepholes = true\n')
    outcome = seqtools("train-lm", "t.txt", "-o", tmp_path / "m", "--config", config)
    assert outcome.exit_code == 2
    assert "--peepholes needs --cell lstm" in outcome.stderr


@pytest.mark.parametrize("command", RULES)
def test_rules_name_options_that_exist(command):
    for rule in RULES[command]:
        for option in rule.options if isinstance(rule, Unheeded) else ():
            assert parameter_name(COMMANDS[command], option.split()[0])
