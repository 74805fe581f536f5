"""The most memory that a process has had."""

import resource
from pathlib import Path


def peak_megabytes() -> float:
    """Return the peak memory of this process in MB, without its parent's where Linux tells it.

    `resource.getrusage` begins with the memory of the process that started this one.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        lines = status.read_text("utf-8").splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
