#!/usr/bin/env bash
# Texts for sequence models, each in three parts: train to learn from, valid to choose by, test to
# report. A symbol is a word (ptb), a character (shakespeare, names), a sign of the ABC notation of
# music (tunes) or a base (dna): the same tool reads them all.
#
#     examples/sequence_texts.sh DATA OUT
#
# DATA holds the folders ptb, charlm, music and dna; OUT is made. Text is cut by whole lines and tunes.
set -euo pipefail
data=${1:?name the folder of the data} out=${2:?name the folder to write to}
mkdir -p "$out"/{ptb,shakespeare,names,tunes,dna}

# Penn Treebank, as Mikolov prepared it: comes in three parts.
for part in train valid test; do
    cat "$data/ptb/ptb.$part.txt" > "$out/ptb/$part.txt"
done

# Lines FIRST to LAST of standard input.
lines() { head -n "$2" | tail -n "+$1"; }

# Tiny Shakespeare: 40,000 lines, the last two times 2,000 of which are set apart.
plays=$data/charlm/tinyshakespeare.txt
lines 1 36000 < "$plays" > "$out/shakespeare/train.txt"
lines 36001 38000 < "$plays" > "$out/shakespeare/valid.txt"
lines 38001 40000 < "$plays" > "$out/shakespeare/test.txt"

# Names of dinosaurs, one a line: each once, so that no part holds names of another, and shuffled,
# because they stand in the order of the alphabet.
shuffled=$(LC_ALL=C sort -u "$data/charlm/dinos.txt" | shuf --random-source="$plays")
num_names=$(wc -l <<< "$shuffled")
lines 1 "$((num_names - 200))" <<< "$shuffled" > "$out/names/train.txt"
lines "$((num_names - 199))" "$((num_names - 100))" <<< "$shuffled" > "$out/names/valid.txt"
lines "$((num_names - 99))" "$num_names" <<< "$shuffled" > "$out/names/test.txt"

# Nottingham tunes in ABC notation, a collection a file: small collections are set apart.
abc=$data/music/nottingham-abc
cat "$abc"/{ashover,hpps,jigs,reels*,waltzes}.abc > "$out/tunes/train.txt"
cat "$abc"/{morris,slip}.abc > "$out/tunes/valid.txt"
cat "$abc"/{playford,xmas}.abc > "$out/tunes/test.txt"

# Primate splice junctions, 60 bases a line: the first 2,000 are StatLog's training set.
bases=$(cut -f 2 "$data/dna/splice.tsv")
lines 1 1800 <<< "$bases" > "$out/dna/train.txt"
lines 1801 2000 <<< "$bases" > "$out/dna/valid.txt"
lines 2001 3186 <<< "$bases" > "$out/dna/test.txt"

wc -lmw "$out"/*/*.txt
