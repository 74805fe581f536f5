"""Whole numbers as files of text hold them."""

# As many digits as an int64 always has room for.
_MOST_DIGITS = 18


def whole_number(text: str) -> int | None:
    """Return a number of at least 0 from its digits; None if there is none, or too large a one.

    Parameters
    ----------
    text : str
        ASCII digits and nothing else; Python itself would also take other scripts and
        underscores, and refuse a number of thousands of digits with an error of its own.

    Examples
    --------
    >>> whole_number("042"), whole_number("1_0"), whole_number("9" * 19)
    (42, None, None)
    """
    is_number = text.isascii() and text.isdecimal() and len(text.lstrip("0")) <= _MOST_DIGITS
    return int(text) if is_number else None
