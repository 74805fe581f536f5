"""Plain twin of back-off n-gram models, from the definition (Katz 1987), in common logarithms."""


def log10_probability(orders, context, word):
    """Return log10 P(word | context); `orders` are dicts of n-gram to (log10 P, log10 back-off)."""
    context = tuple(context)[max(0, len(context) - len(orders) + 1) :]
    ngram = (*context, word)
    if ngram in orders[len(ngram) - 1]:
        return orders[len(ngram) - 1][ngram][0]
    weight = orders[len(context) - 1].get(context, (0, 0.0))[1] if context else 0.0
    return weight + log10_probability(orders, context[1:], word)
