"""The command lines of `seqtools bias` and `seqtools debias`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from seqtools.embeddings.vector_files import load_vectors, save_vectors
from seqtools.embeddings.word_vectors import WordVectors

SETS = """
[weat.work]
targets = [["nurse", "teacher", "librarian"], ["engineer", "pilot", "boss", "smith"]]
attributes = [["woman", "girl"], ["man", "boy"]]
[axis]
name = "gender"
definitional = [["woman", "man"], ["girl", "boy"], ["she", "he"], ["mother", "father"]]
targets = ["nurse", "teacher", "librarian", "engineer", "pilot", "boss", "smith"]
"""


@pytest.fixture(autouse=True)
def vectors(tmp_path, monkeypatch):
    """Write made-up vectors and sets into the working directory."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(5)
    words, rows = [], []
    for pair in (("woman", "man"), ("girl", "boy"), ("she", "he"), ("mother", "father")):
        shared = rng.normal(size=16)
        for word, sign in zip(pair, (1, -1), strict=True):
            words.append(word)
            rows.append(shared + 2.5 * sign * np.eye(16)[0])
    for i, word in enumerate(("nurse", "teacher", "librarian", "engineer", "pilot", "boss")):
        words.append(word)
        rows.append(rng.normal(size=16) + (1.2 if i < 3 else -1.2) * np.eye(16)[0])
    for i in range(200):
        words.append("w" + chr(97 + i // 20) + chr(97 + i % 20))
        rows.append(rng.normal(size=16) + (1 if i % 2 else -1) * np.eye(16)[0])
    save_vectors("v.vec", WordVectors(words, np.array(rows)))
    (tmp_path / "sets.toml").write_text(SETS)
    (tmp_path / "pairs.txt").write_text("woman man\ngirl boy\n")
    (tmp_path / "sim.tsv").write_text("nurse\tteacher\t7\npilot\tboss\t5\nwaa\twab\t3\n")
    (tmp_path / "ana.txt").write_text(": family\nwoman man girl boy\nshe he mother father\n")


QUICK = ("--sets", "sets.toml", "--resamples", "50")
COST = ("--similarity", "sim.tsv", "--analogies", "ana.txt")


def test_bias_prints_every_measure(seqtools):
    done = seqtools("bias", "v.vec", *QUICK)
    assert done.exit_code == 0, done.stderr
    for title in ("direct bias", "RIPA", "RND", "ECT", "MAC", "cluster", "probe", "neighbours"):
        assert title in done.stdout
    assert "work\t" in done.stdout
    assert "most biased to woman" in done.stdout
    assert "1 words have no vector: smith" in done.stderr


def test_bias_as_json_is_one_object_with_the_contracts_keys(seqtools):
    payload = json.loads(seqtools("bias", "v.vec", *QUICK, "--json", "-q").stdout)
    assert {"schema_version", "direct_bias", "weat", "ripa", "rnd", "ect", "mac",
            "cluster_accuracy", "most_biased", "lost_words"} <= set(payload)  # fmt: skip
    assert set(payload["weat"]) == {"work"}
    assert {"statistic", "effect_size", "p_value", "exact", "lost_words"} <= set(
        payload["weat"]["work"]
    )
    assert isinstance(payload["direct_bias"], float)


def test_debias_writes_unit_vectors_without_the_direction(seqtools):
    done = seqtools("debias", "v.vec", "-o", "out.safetensors", *QUICK, *COST)
    assert done.exit_code == 0, done.stderr
    assert "hard debiasing; 206 words neutralized, 8 kept; 4 sets equalized" in done.stdout
    assert "out.safetensors: written" in done.stdout
    assert "policy: " in done.stdout
    changed = load_vectors("out.safetensors")
    np.testing.assert_allclose(np.linalg.norm(changed.vectors, axis=1), 1, atol=1e-6)
    assert changed.metadata["debiased"] == "hard"
    cosines = changed["nurse"] @ (changed.unit(["woman", "man"]).T)
    assert cosines[0] == pytest.approx(cosines[1], abs=1e-6)


def test_debias_as_json_has_the_contracts_keys(seqtools):
    done = seqtools("debias", "v.vec", "-o", "o.bin", *QUICK, *COST, "--json", "-q")
    payload = json.loads(done.stdout)
    assert {"method", "direction", "before", "after", "neutralized", "equalized", "lost_words",
            "output", "cost", "schema_version"} <= set(payload)  # fmt: skip
    assert payload["output"] == "o.bin"
    assert payload["method"] == "hard"
    assert payload["cost"]["similarity"]["sim"]["covered"] == 3
    assert payload["cost"]["analogies"]["ana"]["total"] == 2
    assert payload["after"]["direct_bias"] < 1e-6 < payload["before"]["direct_bias"]


@pytest.mark.parametrize("method", ["soft", "inlp", "double-hard"])
def test_debias_by_any_method(seqtools, method):
    options = ["--relative-strength"] if method == "soft" else []
    done = seqtools(
        "debias",
        "v.vec",
        "-o",
        "o.vec",
        "--method",
        method,
        *QUICK,
        *COST,
        "--json",
        "-q",
        *options,
    )
    payload = json.loads(done.stdout)
    assert payload["method"] == method
    assert payload["after"]["direct_bias"] < payload["before"]["direct_bias"]


@pytest.mark.parametrize(
    ("options", "method"),
    [(["--strength", 3], "soft"), (["--relative-strength"], "soft"), (["--iterations", 3], "inlp"),
     (["--candidates", 3], "double-hard")],
)  # fmt: skip
def test_an_option_of_another_method_is_refused(seqtools, options, method):
    done = seqtools("debias", "v.vec", "-o", "o.vec", *options)
    assert done.exit_code == 2
    assert f"{options[0]} needs --method {method}." in done.stderr


def test_vectors_are_not_debiased_over_themselves(seqtools):
    before = Path("v.vec").read_bytes()
    for outputs in (["-o", "v.vec"], ["-o", "o.vec", "--save-specific", "v.vec"]):
        done = seqtools("debias", "v.vec", *outputs)
        assert done.exit_code == 1
        assert "v.vec: cannot write: this run reads it" in done.stderr
    assert Path("v.vec").read_bytes() == before


@pytest.mark.parametrize(
    ("source", "expected"),
    [("v.vec", "v-debiased.vec"), ("v.vec.gz", "v-debiased.vec.gz"), ("dir", "dir-debiased.vec"),
     ("a.kv", "a-debiased.kv"), ("x.npy", "x-debiased.vec"), ("-", "stdin-debiased.vec"),
     ("g.glove.txt", "g-debiased.glove.txt")],
)  # fmt: skip
def test_the_default_output_stands_beside_the_working_directory(source, expected):
    from seqtools.bias.output import default_output

    assert default_output(source) == expected


def test_without_an_output_one_is_named_after_the_input(seqtools, tmp_path):
    assert seqtools("debias", "v.vec", *QUICK, *COST, "-q").exit_code == 0
    assert (tmp_path / "v-debiased.vec").is_file()


def test_vectors_on_stdout_leave_no_room_for_tables(seqtools):
    done = seqtools("debias", "v.vec", "-o", "-", *QUICK, *COST, "-q")
    assert done.stdout.startswith("214 16\n")
    assert len(done.stdout.splitlines()) == 215
    refused = seqtools("debias", "v.vec", "-o", "-", "--json")
    assert refused.exit_code == 2


def test_words_ask_for_their_cosines_only(seqtools):
    done = seqtools("bias", "v.vec", "--pair", "woman", "man", "--raw", "nurse", "boss", "--json")
    payload = json.loads(done.stdout)
    table = load_vectors("v.vec")
    axis = table["woman"] - table["man"]
    for word in ("nurse", "boss"):
        expected = table[word] @ axis / np.linalg.norm(table[word]) / np.linalg.norm(axis)
        assert payload["words"][word] == [pytest.approx(expected, abs=1e-6)]
    text = seqtools("bias", "v.vec", "--pair", "woman", "man", "nurse").stdout.splitlines()
    assert text[0] == "word\tcosine"
    assert text[1].startswith("nurse\t")


def test_pairs_components_and_specific_words_come_from_options(seqtools, tmp_path):
    (tmp_path / "specific.txt").write_text("nurse\n")
    done = seqtools(
        "debias", "v.vec", "-o", "o.vec", "--pairs", "pairs.txt", "--equalize", "pairs.txt",
        "--specific", "specific.txt", "--components", 2, "--sets", "sets.toml", *COST,
        "--save-specific", "kept.txt", "--json", "-q", "--resamples", 20,
    )  # fmt: skip
    payload = json.loads(done.stdout)
    assert payload["direction"]["pairs"] == 2
    assert payload["direction"]["components"] <= 2
    assert payload["equalized"] == 2
    assert (tmp_path / "kept.txt").read_text().split() == ["woman", "man", "girl", "boy", "nurse"]


def test_learned_words_are_written_beside_the_output(seqtools, tmp_path):
    seeds = ["woman", "man", "girl", "boy", "she", "he", "mother", "father", "waa", "wab", "wac"]
    axis = SETS + f"seeds = {json.dumps(seeds)}\n"
    (tmp_path / "seeds.toml").write_text(axis)
    done = seqtools(
        "debias", "v.vec", "-o", "o.vec", "--learn-specific", "--sets", "seeds.toml", *COST, "-q",
        "--resamples", 20,
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert "specific words learned from 11 (F1 " in done.stdout
    assert "o.vec.specific.txt: written" in done.stdout
    assert set(seeds) <= set((tmp_path / "o.vec.specific.txt").read_text().split())


def test_built_in_sets_are_listed(seqtools):
    text = seqtools("bias", "--list-sets").stdout
    assert all(f"weat-{i}\t" in text for i in range(1, 11))
    payload = json.loads(seqtools("bias", "--list-sets", "--json").stdout)
    assert payload["sets"]["weat-6"]["words"]["male-names"][0] == "John"
    assert len(payload["sets"]["professions"]["words"]["professions"]) == 320


def test_a_seed_gives_the_same_output(seqtools):
    first, again = (
        seqtools("debias", "v.vec", "-o", "o.vec", *QUICK, *COST, "--seed", 3, "-q").stdout
        for _ in range(2)
    )
    assert first == again


def test_pictures_and_page_are_written(seqtools, tmp_path):
    done = seqtools(
        "debias", "v.vec", "-o", "o.vec", *QUICK, *COST, "-q", "--report", "r.html", "--plot",
        "p.png",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    assert "</html>" in (tmp_path / "r.html").read_text("utf-8")
    assert seqtools("bias", "v.vec", *QUICK, "-q", "--plot", "p.svg").exit_code == 0
    assert (tmp_path / "p.svg").read_text("utf-8").count("nurse") >= 1


def run_apart(code, folder=None):
    """Run code in an interpreter of its own."""
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{root / 'cli'}"}
    command = [sys.executable, "-c", code]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment, cwd=folder)


@pytest.mark.parametrize("command", ["bias", "debias"])
def test_help_needs_no_numpy(command):
    code = (
        "import sys\nfrom seqtools_cli.main import run\n"
        f"run(['{command}', '--help'])\nassert 'numpy' not in sys.modules\n"
        "assert 'sklearn' not in sys.modules"
    )
    run_apart(code)


def test_the_default_report_imports_neither_scikit_learn_nor_numba(tmp_path):
    code = (
        "import sys\nfrom seqtools_cli.main import run\n"
        "assert run(['debias', 'v.vec', '-q', '--resamples', '5']) == 0\n"
        "assert not {'sklearn', 'numba', 'matplotlib', 'gensim'} & set(sys.modules)"
    )
    run_apart(code, tmp_path)
