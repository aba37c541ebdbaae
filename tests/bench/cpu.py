"""CPU time that the processes of a stack have used."""
import contextlib
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from stack import children  # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")


def used(stack, units):
    """{name: seconds} of each process in {name: process of the stack}, its children that live or were waited for included."""
    found = {}
    for name, unit in units.items():
        pid, ticks = stack.pid(unit), 0
        for one in [pid, *children(pid)]:
            with contextlib.suppress(OSError):
                fields = pathlib.Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
                ticks += sum(int(n) for n in fields[11:15])
        found[name] = ticks / TICK
    return found


def each(before, after, count):
    """Microseconds of each of `count` things between two looks."""
    return {name: round((after[name] - before[name]) * 1e6 / max(count, 1), 1) for name in after}
