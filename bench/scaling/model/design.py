"""What every design has: get(cpu), put(cpu, object), and a count of the objects it had to make."""

from bisect import bisect_left
from itertools import chain

from .lines import POINTERS_PER_LINE


class Design:
    """`system` is the name in the measurements, `title` the one for readers."""

    system = ""
    title = ""
    chunk = 1  # objects that move between CPUs at once
    same_lines_as = None  # a design that touches the same lines and differs in its local time only

    def __init__(self, memory, cpus):
        self.memory = memory
        self.cpus = cpus
        self.made = 0

    def make(self):
        self.made += 1
        return self.memory.new_object()


class Ring:
    """CPUs whose lines were ever written. Looking at others' costs no transfer, so searches skip them."""

    def __init__(self):
        self._sorted = []

    def add(self, cpu):
        i = bisect_left(self._sorted, cpu)
        if i == len(self._sorted) or self._sorted[i] != cpu:
            self._sorted.insert(i, cpu)

    def starting_at(self, cpu):
        i = bisect_left(self._sorted, cpu)
        return chain(self._sorted[i:], self._sorted[:i])


class LockedVector:
    """A vector behind a lock: lines that only who has the lock works on, so they travel one after the other.

    A std::mutex and a std::vector are 64 bytes together, but nothing aligns them: mostly two lines.
    """

    def __init__(self, memory):
        self._memory = memory
        self._domain = memory.domain()
        self._lock, self._header = memory.lines(2, self._domain)
        self._slots = []

    def lock(self, cpu):
        self._memory.write(cpu, self._lock)

    def change_header(self, cpu):
        self._memory.write(cpu, self._header)

    def change_slot(self, cpu, i, slots_per_line=POINTERS_PER_LINE):
        number = i // slots_per_line
        if number == len(self._slots):
            self._slots.append(self._memory.line(self._domain))
        self._memory.write(cpu, self._slots[number])
