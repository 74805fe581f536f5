"""What benchmarks share: the corpus, rounds, reports."""
