"""Faulty configuration files: one line that names the file and the key."""

import pytest


@pytest.fixture
def train(seqtools, tmp_path):
    corpus, config = tmp_path / "corpus.txt", tmp_path / "train.toml"
    corpus.write_text("the cat sat on the mat and the dog sat on the rug\n" * 20)

    def run(content):
        config.write_bytes(content if isinstance(content, bytes) else content.encode())
        options = ["--config", config, "-o", tmp_path / "x.vec", "-q", "--json"]
        return seqtools("embed", "train", corpus, *options)

    return run


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("dim = 8.5", "key 'dim': '8.5' is not a valid integer"),
        ('dim = "abc"', "key 'dim': 'abc' is not a valid integer"),
        ("dim = 0", "key 'dim': 0 is not in the range"),
        ("dim = true", "key 'dim': True is neither text nor a number"),
        ("dim = [1, 2]", "key 'dim': [1, 2] is neither text nor a number"),
        ("lr = nan", "key 'lr': nan is not a finite number"),
        ("lr = true", "key 'lr': True"),
        ("seed = 2026-01-01", "key 'seed'"),
        ("seed = 99999999999", "is above 2147483647"),
        ("lower = 2", "key 'lower': 2 is neither true nor false"),
        ("lower = { a = 1 }", "key 'lower'"),
        ("save-vocab = false", "key 'save-vocab'"),
        ('vocab = ["a"]', "key 'vocab'"),
        ('model = "x"', "key 'model': 'x' is not one of"),
        ('config = "x"', "key 'config' is not an option"),
        ("dim = 8\nvector-size = 9", "keys 'dim' and 'vector-size' are the same option"),
        ("[train]\ndim = 8", "key 'train' is not an option"),
        ("dim", "not TOML"),
        (b"dim = 8 # \xff", "not TOML"),
        ("dim = " + "[" * 5000, "nested too deeply"),
        ("dim = " + "9" * 5000, "not TOML"),
    ],
)
def test_a_faulty_file_is_named_with_its_key(train, content, message):
    outcome = train(content)
    assert outcome.exit_code == 1
    assert "train.toml: " in outcome.stderr
    assert message in outcome.stderr
    assert outcome.stderr.count("\n") == 1
    assert "defect" not in outcome.stderr


@pytest.mark.parametrize(
    "content",
    [
        'dim = 8\nepochs = 1\nmin-count = 1\nlower = true\nlr = 0.05\nloss = "hs"\n',
        b"\xef\xbb\xbfdim = 8\r\nmin_count = 1\r\n",
        'dim = "8"\nmin-count = 1\nlr = 1',
    ],
)
def test_a_right_file_is_taken(train, content):
    outcome = train(content)
    assert outcome.exit_code == 0, outcome.stderr
    assert '"dim": 8' in outcome.stdout
