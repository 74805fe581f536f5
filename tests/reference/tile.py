"""Plain float64 twin of seqtools.kernels.tile, written from the formulas in its docstring."""

import numpy as np


def tile_sizes(num_targets):
    """Return the fewest sizes of at most 7, as equal as possible, the larger ones first."""
    num_tiles = -(-num_targets // 7)
    return [-(-(num_targets - index) // num_tiles) for index in range(num_tiles)]


def process_tiles(x, x_rows, e, e_rows, u, u_rows, signs, rate, limit=np.inf):
    """Update x (or e) and u in place, float64; return the sum of -log p.

    With skip-gram e is x; targets go in tiles of at most 7 and rows x in pairs.
    """
    loss, done = 0.0, 0
    for size in tile_sizes(len(u_rows)):
        targets, sign = u_rows[done : done + size], signs[done : done + size]
        logits = np.clip((x[x_rows] @ u[targets].T) * sign, -30.0, 30.0)
        p = 1.0 / (1.0 + np.exp(-logits))
        loss -= np.log(p).sum()
        g = rate * sign * (1.0 - p) * (np.abs(logits) < limit)
        for first in range(0, len(x_rows), 2):
            old_u, added = u[targets].copy(), np.zeros((size, x.shape[1]))
            for i in range(first, min(first + 2, len(x_rows))):
                added += np.outer(g[i], x[x_rows[i]])
                e[e_rows[i]] += g[i] @ old_u
            u[targets] += added
        done += size
    return loss
