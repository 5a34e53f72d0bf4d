"""ebbpool's magazines and the stacks they lie in: include/ebb/detail/{magazine,versioned_stack}.hpp."""

from .lines import POINTERS_PER_LINE

LAST_WORD = 63
MAX_CAPACITY = 62


class Magazine:
    """A block of 8 lines: words 0 and 1 link it, the objects end at word 63 when it is full."""

    __slots__ = ("lines", "capacity", "objects")

    def __init__(self, memory):
        self.lines = memory.lines(8)
        self.capacity = 0
        self.objects = []

    def empty(self, capacity):
        self.capacity = capacity
        self.objects.clear()

    def line_of_top(self):
        return self.lines[(LAST_WORD - self.capacity + len(self.objects)) // POINTERS_PER_LINE]


class Stack:
    """detail/versioned_stack.hpp: the head is looked at, then changed by a compare-exchange."""

    def __init__(self, memory):
        self.memory = memory
        self.head = memory.line()
        self.magazines = []

    def push(self, cpu, magazine):
        self.memory.read(cpu, self.head)
        self.memory.write(cpu, magazine.lines[0])
        self.memory.write(cpu, self.head)
        self.magazines.append(magazine)

    def pop(self, cpu):
        self.memory.read(cpu, self.head)
        if not self.magazines:
            return None
        magazine = self.magazines.pop()
        self.memory.read(cpu, magazine.lines[0])
        self.memory.write(cpu, self.head)
        return magazine
