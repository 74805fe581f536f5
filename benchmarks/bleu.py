"""Time `seqtools bleu` beside the sacrebleu command: whole commands, in turns, medians and ratios.

Run it with ``python -m benchmarks.bleu [--lines 3000] [--rounds 5] [--output FILE]``

The text is that of a real set with four systems and references (SEQTOOLS_DATA, mt-metrics), cut or
repeated to the number of lines asked for. Both commands must print the same score.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from benchmarks.shared.report import Row, show, write

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("SEQTOOLS_DATA", ROOT.parent / "shared" / "data"))
TASKS = {
    "score": (["-i", "hyp"], [], 1.0),
    "score and interval": (["-i", "hyp"], ["-ci"], 1.25),
    "paired bootstrap": (["-i", "hyp", "other"], ["-pbs"], 2.5),
    "randomization": (["-i", "hyp", "other"], ["-par"], 5.0),
}


def main():
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory() as folder:
        write_text(Path(folder), arguments.lines)
        rows = [measure(folder, task, arguments.rounds) for task in TASKS]
    print(f"{arguments.lines} lines, median of {arguments.rounds} runs in turns")
    print("\n".join(map(show, rows)))
    corpus = f"{arguments.lines:,} lines of a real set"
    peer = f"sacrebleu {version('sacrebleu')}"
    write(arguments.output, "BLEU, whole commands", corpus, peer, rows)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--lines", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, help="write the figures to this JSON file")
    return parser.parse_args()


def write_text(folder, num_lines):
    """Write a hypothesis, another and a reference of as many lines."""
    source = DATA / "mt-metrics" / "multeval-zh-en-4refs"
    order = {"hyp": ("out.0", "out.1", "out.2"), "other": ("out.3", "out.0", "out.1")}
    for name, parts in {**order, "ref": ("ref0", "ref0", "ref0")}.items():
        lines = [
            line
            for part in parts
            for line in (source / f"set1.{part}").read_text("utf-8").rstrip("\n").split("\n")
        ]
        repeated = lines * (num_lines // len(lines) + 1)
        (folder / name).write_text("\n".join(repeated[:num_lines]) + "\n", "utf-8")


def measure(folder, task, rounds):
    """Run both commands in turns and compare what they print."""
    inputs, options, reach = TASKS[task]
    seqtools = [sys.executable, "-m", "seqtools_cli", "bleu", "ref", *inputs, *options, "-q"]
    sacrebleu = [sys.executable, "-m", "sacrebleu", "ref", *inputs, *options, "-q"]
    seconds = {"seqtools": [], "sacrebleu": []}
    for turn in range(rounds + 1):
        outputs = {}
        for name, command in (("seqtools", [*seqtools, "--json"]), ("sacrebleu", sacrebleu)):
            elapsed, outputs[name] = run(folder, command)
            if turn:  # the first turn warms caches
                seconds[name].append(elapsed)
    check_same(outputs)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    pairs = zip(seconds["sacrebleu"], seconds["seqtools"], strict=True)
    ratios = [round(theirs / ours, 3) for theirs, ours in pairs]
    ratio = statistics.median(ratios)
    return Row(task, "s", medians["seqtools"], medians["sacrebleu"], ratio, reach, None, ratios)


def run(folder, command):
    """Return a command's wall time and output."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "cli")]),
    }
    started = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return time.perf_counter() - started, done.stdout


def check_same(outputs):
    """Stop if the commands disagree."""
    ours, theirs = (json.loads(outputs[name]) for name in ("seqtools", "sacrebleu"))
    if isinstance(theirs, dict):
        same = theirs["score"] == ours["score"] and theirs["signature"] == ours["signature"]
    else:
        pairs = zip(ours["systems"], theirs, strict=True)
        same = all(a["BLEU"]["p_value"] == b["BLEU"]["p_value"] for a, b in pairs)
    if not same:
        raise SystemExit(f"the commands disagree: {outputs}")


if __name__ == "__main__":
    main()
