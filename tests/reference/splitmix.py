"""Plain twin of seqtools.kernels.random with Python integers."""

MASK = 2**64 - 1
GAMMA = 0x9E3779B97F4A7C15


class SplitMix:
    """Draws 64 bits at a time from a counter."""

    def __init__(self, state):
        self.state = int(state)

    def bits(self):
        self.state = (self.state + GAMMA) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def below(self, limit):
        return ((self.bits() >> 32) * limit) >> 32
