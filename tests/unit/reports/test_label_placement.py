import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seqtools.reports.label_placement import place_labels

FRAME = (10.0, 20.0, 400.0, 300.0)


def boxes(labels, places, extents):
    for label in labels:
        width, height = extents[label.point]
        x = places[label.point][0] + label.shift_x
        y = places[label.point][1] + label.shift_y
        x -= {"left": 0, "center": width / 2, "right": width}[label.horizontal]
        y -= {"bottom": 0, "center": height / 2, "top": height}[label.vertical]
        yield x, y, x + width, y + height


@given(st.integers(0, 2**32 - 1), st.integers(1, 80))
def test_labels_neither_overlap_nor_leave_the_frame(seed, n):
    generator = np.random.default_rng(seed)
    places = generator.uniform([0, 0], [410, 320], size=(n, 2))
    extents = generator.uniform([5, 8], [90, 14], size=(n, 2))
    labels = place_labels(places, extents, FRAME, gap=4)
    found = list(boxes(labels, places, extents))
    for i, (left, bottom, right, top) in enumerate(found):
        assert left >= FRAME[0]
        assert bottom >= FRAME[1]
        assert right <= FRAME[2]
        assert top <= FRAME[3]
        for other in found[:i]:
            apart_x = right <= other[0] or other[2] <= left
            apart_y = top <= other[1] or other[3] <= bottom
            assert apart_x or apart_y


def test_the_most_important_words_are_labelled_first():
    places = np.array([[200.0, 150.0]] * 6)
    labels = place_labels(places, np.array([[60.0, 12.0]] * 6), FRAME, gap=4)
    assert [(label.point, label.horizontal) for label in labels] == [(0, "left"), (1, "right")]


def test_a_label_without_room_beside_its_point_goes_above_it():
    places = np.array([[200.0, 150.0], [199.0, 150.0], [201.0, 160.0]])
    labels = place_labels(places, np.array([[60.0, 12.0]] * 3), FRAME, gap=4)
    assert [label.vertical for label in labels] == ["center", "center", "bottom"]
