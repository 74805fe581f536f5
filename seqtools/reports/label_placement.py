"""Labels beside points, placed one after the other wherever there is still room."""

from typing import Literal, NamedTuple

import numpy as np

from seqtools.types import BoolArray, Float64Array

_CELL = 2.0


class Label(NamedTuple):
    """A label that found room.

    Attributes
    ----------
    point : int
        Which point it belongs to.
    shift_x, shift_y : float
        From the point to the label's anchor, y upwards.
    horizontal, vertical : str
        Which part of the text the anchor is.
    """

    point: int
    shift_x: float
    shift_y: float
    horizontal: Literal["left", "right", "center"]
    vertical: Literal["center", "bottom", "top"]


def place_labels(
    places: Float64Array,
    extents: Float64Array,
    frame: tuple[float, float, float, float],
    gap: float,
) -> list[Label]:
    """Choose which labels are written, and on which side of their points.

    Parameters
    ----------
    places : float64 array, shape (N, 2)
        Where the points are, most important first.
    extents : float64 array, shape (N, 2)
        Width and height of each label, in the same unit.
    frame : tuple of float
        Left, bottom, right and top of the room for labels.
    gap : float
        Distance between a point and its label.

    Returns
    -------
    list of Label
        No two of them overlap, and none leaves the frame.

    Notes
    -----
    Greedy: right of the point, else left, above, below, else not at all. Room is kept in a grid of
    small cells, so that a trial costs the label's area only.
    """
    left, bottom, right, top = frame
    shape = (max(1, int((top - bottom) / _CELL)), max(1, int((right - left) / _CELL)))
    taken: BoolArray = np.zeros(shape, dtype=np.bool_)
    labels = []
    for point, (place, extent) in enumerate(zip(places, extents, strict=True)):
        for label in _choices(point, gap):
            x, y = _corner(label, place, extent)
            rows = slice(int((y - bottom) // _CELL), int((y + extent[1] - bottom) // _CELL) + 1)
            columns = slice(int((x - left) // _CELL), int((x + extent[0] - left) // _CELL) + 1)
            if rows.start < 0 or columns.start < 0:
                continue
            if rows.stop > shape[0] or columns.stop > shape[1]:
                continue
            if not taken[rows, columns].any():
                taken[rows, columns] = True
                labels.append(label)
                break
    return labels


def _choices(point: int, gap: float) -> tuple[Label, ...]:
    """Return the four sides, best first."""
    return (
        Label(point, gap, 0.0, "left", "center"),
        Label(point, -gap, 0.0, "right", "center"),
        Label(point, 0.0, gap, "center", "bottom"),
        Label(point, 0.0, -gap, "center", "top"),
    )


def _corner(label: Label, place: Float64Array, extent: Float64Array) -> tuple[float, float]:
    """Return the lower left corner of a label."""
    part_x = {"left": 0.0, "right": 1.0, "center": 0.5}[label.horizontal]
    part_y = {"bottom": 0.0, "top": 1.0, "center": 0.5}[label.vertical]
    x = place[0] + label.shift_x - part_x * extent[0]
    y = place[1] + label.shift_y - part_y * extent[1]
    return float(x), float(y)
