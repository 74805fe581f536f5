"""Time `seqtools bleu` beside the sacrebleu command: whole commands, in turns, medians and ratios.

Run from the project's folder: python benchmarks/bleu.py [--lines 3000] [--rounds 5] [--output FILE]

The text is that of a real set with four systems and references (SEQTOOLS_DATA, mt-metrics), cut or
repeated to the number of lines asked for. Both commands must print the same score.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("SEQTOOLS_DATA", ROOT.parent / "shared" / "data"))
TASKS = {
    "score": (["-i", "hyp"], [], 1.0),
    "score and interval": (["-i", "hyp"], ["-ci"], 0.8),
    "paired bootstrap": (["-i", "hyp", "other"], ["-pbs"], 0.4),
    "randomization": (["-i", "hyp", "other"], ["-par"], 0.2),
}


def main():
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory() as folder:
        write_text(Path(folder), arguments.lines)
        rows = [measure(folder, task, arguments.rounds) for task in TASKS]
    report = {
        "lines": arguments.lines,
        "rounds": arguments.rounds,
        "python": platform.python_version(),
        "sacrebleu": version("sacrebleu"),
        "cores": os.cpu_count(),
        "rows": rows,
    }
    print(f"{arguments.lines} lines, median of {arguments.rounds} runs in turns")
    print(f"{'task':<20}{'seqtools s':>12}{'sacrebleu s':>13}{'ratio':>8}{'at most':>9}")
    for row in rows:
        print(
            f"{row['task']:<20}{row['seqtools_seconds']:>12.3f}{row['sacrebleu_seconds']:>13.3f}"
            f"{row['ratio']:>8.2f}{row['at_most']:>9.2f}"
        )
    if arguments.output:
        Path(arguments.output).write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    return 0 if all(row["ratio"] <= row["at_most"] for row in rows) else 1


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--lines", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", help="write the figures to this JSON file")
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
    inputs, options, at_most = TASKS[task]
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
    return {
        "task": task,
        "seqtools_seconds": medians["seqtools"],
        "sacrebleu_seconds": medians["sacrebleu"],
        "ratio": medians["seqtools"] / medians["sacrebleu"],
        "at_most": at_most,
        "all_seconds": seconds,
    }


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
    sys.exit(main())
