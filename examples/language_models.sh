#!/usr/bin/env bash
# Character language models of plays, names, tunes and DNA, what they write, and the picture of
# vanishing gradients: about 4 minutes on one core.
#
#     examples/language_models.sh DATA OUT
#
# DATA holds the folders ptb, charlm, music and dna; OUT is made.
set -euo pipefail
data=${1:?name the folder of the data} out=${2:?name the folder to write to}
"$(dirname "$0")/sequence_texts.sh" "$data" "$out/texts"
common=(--level char --hidden-size 128 --batch-size 32 --shards 1 --lr 0.003 --clip-norm 1
    --schedule cosine --min-factor 0.05 --overwrite)

# Train on a text and write: NAME OPTIONS...
model() {
    local text=$out/texts/$1 directory=$out/$1
    shift
    seqtools train-lm "$text/train.txt" --valid "$text/valid.txt" --test "$text/test.txt" \
        -o "$directory" "${common[@]}" "$@"
    seqtools generate "$directory" --max-len 400 --temperature 0.8 --report "$text/train.txt"
}

model names --embedding-size 32 --bptt 30 --epochs 20 --dropout 0.2
model dna --embedding-size 8 --bptt 61 --epochs 6 --dropout 0.1
model tunes --embedding-size 32 --bptt 64 --epochs 8 --dropout 0.1
model shakespeare --embedding-size 64 --bptt 64 --epochs 4

for cell in rnn gru lstm; do
    seqtools train-lm "$out/texts/tunes/train.txt" --valid "$out/texts/tunes/valid.txt" \
        -o "$out/gradients/$cell" --cell "$cell" "${common[@]}" --embedding-size 32 --bptt 64 \
        --epochs 3 --grad-stats
done
seqtools grad-report "$out"/gradients/{rnn,gru,lstm} -o "$out/gradients.html"
