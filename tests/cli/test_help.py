"""Help texts: complete, quick, and the same as in the documentation."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from docs.command_pages import help_text, walk
from seqtools_cli.main import cli

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = {name: (summary, command) for name, summary, command in walk()}
HEAVY = ("numpy", "numba", "rich", "gensim", "scipy", "sklearn", "matplotlib", "sacrebleu")


def options_of(command):
    return [parameter for parameter in command.params if isinstance(parameter, click.Option)]


@pytest.fixture(params=COMMANDS)
def command(request):
    return COMMANDS[request.param][1]


def test_every_command_says_what_it_does(command):
    assert command.help
    assert len(command.help.split("\n")[0]) <= 100


def test_every_option_is_described(command):
    bare = [option.opts for option in options_of(command) if not option.help]
    assert bare == []


def test_every_command_takes_the_common_options(command):
    names = {name for option in options_of(command) for name in option.opts}
    assert {"--json", "--quiet", "-q", "--verbose", "-v", "--config", "--debug"} <= names


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme_and_its_help_in_the_pages(name):
    summary, command = COMMANDS[name]
    readme = (ROOT / "README.md").read_text("utf-8")
    pages = (ROOT / "docs" / "commands.md").read_text("utf-8")
    assert f"| [`{name}`](docs/commands.md#{name.replace(' ', '-')}) | {summary} |" in readme
    assert help_text(name, command) in pages, "run make docs"


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_what_the_pages_show_whatever_the_terminal(seqtools, name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    outcome = seqtools(*name.split()[1:], "--help")
    assert outcome.exit_code == 0
    assert outcome.stdout.split()[:2] == ["Usage:", "seqtools"]


def test_summaries_are_sentences_of_one_line():
    for name, (summary, _) in COMMANDS.items():
        assert summary[0].isupper(), name
        assert summary[-1] in ".?", name
        assert len(summary) <= 66, name


def test_group_lists_its_commands(seqtools):
    outcome = seqtools("--help")
    assert all(f"  {name} " in outcome.stdout for name in cli.lazy_commands)


def modules_after(*command_lines):
    """Return which heavy modules a fresh interpreter has loaded after some command lines."""
    script = (
        "import json, sys\n"
        "from seqtools_cli.main import run\n"
        "codes = [run(line) for line in json.loads(sys.argv[1])]\n"
        "names = {name.split('.')[0] for name in sys.modules}\n"
        "print(json.dumps([codes, sorted(names)]), file=sys.stderr)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "cli")])}
    done = subprocess.run(
        [sys.executable, "-c", script, json.dumps(command_lines)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    codes, names = json.loads(done.stderr.splitlines()[-1])
    assert set(codes) == {0}, done.stderr
    return [name for name in HEAVY if name in names]


def test_help_loads_click_alone():
    assert modules_after(["--help"], ["embed", "--help"]) == []


def test_help_of_every_command_loads_click_alone():
    assert modules_after(*([*name.split()[1:], "--help"] for name in COMMANDS)) == []


def test_commands_without_kernels_do_not_load_numba(tmp_path):
    vectors, converted = tmp_path / "a.vec", tmp_path / "a.bin"
    vectors.write_text("2 2\ncat 1 0\ndog 0 1\n")
    loaded = modules_after(
        ["embed", "info", str(vectors)],
        ["embed", "convert", str(vectors), str(converted)],
        ["embed", "neighbors", str(vectors), "cat"],
        ["embed", "similarity", str(vectors), "cat", "dog"],
        ["bleu", str(vectors), str(vectors)],
    )
    assert not {"numba", "gensim", "rich", "sklearn", "matplotlib"} & set(loaded)


def test_a_command_of_a_group_is_found_by_its_own_name(seqtools):
    assert "Did you mean 'embed neighbors'?" in seqtools("neighbors", "x").stderr
    assert "Did you mean 'train-nmt'?" in seqtools("train-mt").stderr
