"""Giving the compiler's code back: only pages that equal their file, and kernels still compile."""

import numpy as np
import pytest

from seqtools.kernels.compiler_code import let_go_of_compiler_code, unwritten_code
from seqtools.kernels.glove import shuffle_order

MAPPINGS = """\
7f0000000000-7f0000001000 r--p 00000000 fe:00 12 /venv/llvmlite/binding/libllvmlite.so
Size:                  4 kB
Rss:                   4 kB
Private_Dirty:         0 kB
Anonymous:             0 kB
7f0000001000-7f0000009000 r-xp 00001000 fe:00 12 /venv/llvmlite/binding/libllvmlite.so
Rss:                  24 kB
Private_Dirty:         0 kB
Anonymous:             0 kB
7f0000009000-7f000000b000 r--p 00009000 fe:00 12 /venv/llvmlite/binding/libllvmlite.so
Rss:                   8 kB
Private_Dirty:         8 kB
Anonymous:             8 kB
7f000000b000-7f000000c000 rw-p 0000b000 fe:00 12 /venv/llvmlite/binding/libllvmlite.so
Rss:                   4 kB
Private_Dirty:         0 kB
Anonymous:             0 kB
7f000000c000-7f000000d000 rw-p 00000000 00:00 0
Rss:                   4 kB
Private_Dirty:         0 kB
Anonymous:             0 kB
7f000000d000-7f000000e000 r-xp 00000000 fe:00 13 /usr/lib/libc.so.6
Rss:                   4 kB
Private_Dirty:         0 kB
Anonymous:             0 kB
"""


def test_only_parts_of_the_library_that_nobody_wrote_to_are_let_go():
    assert list(unwritten_code(MAPPINGS)) == [
        (0x7F0000000000, 0x7F0000001000),
        (0x7F0000001000, 0x7F0000009000),
    ]


@pytest.mark.parametrize("mappings", ["", "no mapping\n", MAPPINGS.replace("Anonymous", "Other")])
def test_what_is_not_told_is_kept(mappings):
    assert list(unwritten_code(mappings)) == []


def test_kernels_compile_and_run_afterwards():
    let_go_of_compiler_code()
    order = np.arange(9)
    with np.errstate(over="ignore"):
        shuffle_order(np.array([3], np.uint64), order)
        shuffle_order(np.array([3], np.uint64), order.astype(np.int32))  # a new signature
    assert sorted(order.tolist()) == list(range(9))
