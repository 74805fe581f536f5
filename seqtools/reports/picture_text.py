"""Text in pictures: what can be drawn, and what a file says of itself."""


def printable(text: str) -> str:
    """Return text without what cannot be drawn: lone surrogates and control characters."""
    whole = text.encode("utf-8", errors="replace").decode("utf-8")
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in whole)


def metadata(title: str, caption: str, image_format: str) -> dict[str, str | None]:
    """Return title and caption under the format's keys; no date, so that equal bytes come out.

    Parameters
    ----------
    title, caption : str
        Control characters are replaced.
    image_format : str
        "png", "svg" or "pdf".
    """
    title, caption = printable(title), printable(caption)
    if image_format == "png":
        return {"Title": title, "Description": caption, "Software": "seqtools"}
    if image_format == "svg":
        return {"Title": title, "Description": caption, "Creator": "seqtools", "Date": None}
    return {"Title": title, "Subject": caption, "Creator": "seqtools", "CreationDate": None}
