#!/usr/bin/env bash
# A first session: train word vectors on half a million words, ask them, judge them, draw them.
# `make demo` runs it with seqtools and python on the PATH; every command can be typed again.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n# %s\n' "$*"; }
type_in() {
    printf '$ %s\n' "$*"
    "$@"
}

say "Text: some 200 Wikipedia articles and 300 news stories that ship with gensim"
type_in python examples/demo_text.py demo/text.txt

say "Train (the first run also compiles the kernels)"
type_in seqtools embed train demo/text.txt -o demo/vectors.bin \
    --lower --window 10 --subsample 1e-4 --epochs 30 --lr 0.05

say "Words used alike"
type_in seqtools embed neighbors demo/vectors.bin -k 5 music algorithm church

say "A is to B as C is to ?"
type_in seqtools embed analogy demo/vectors.bin -k 3 he his she
type_in seqtools embed analogy demo/vectors.bin -k 3 greek greece albanian

say "Two words, and the odd one out"
type_in seqtools embed similarity demo/vectors.bin hydrogen oxygen
type_in seqtools embed odd-one-out demo/vectors.bin church catholic methodist copper

say "Judge: correlation with human ratings, and analogies (half a million words are few)"
type_in seqtools embed eval demo/vectors.bin

say "Draw a map to explore in a browser"
type_in seqtools embed plot demo/vectors.bin -o demo/map.html --method tsne --top 1500

cat <<'NEXT'

Look at next
  demo/map.html                 open it in a browser: search, zoom, click a word
  source .venv/bin/activate     then type any command above, or `seqtools --help`
  README.md                     your own text, formats, checkpoints, Python
NEXT
