"""Plain float64 twin of private copies: what each thread has changed since it last looked."""


def merge(shared, own, seen):
    """Return the shared row, and the copy and what was seen, after a merge."""
    merged = shared + (own - seen)
    return merged, merged.copy(), merged.copy()
