"""Search and scoring: greedy, sampling, beam, exact and forced, over any ``StepScorer``."""
