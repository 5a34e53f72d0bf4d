"""Designs in which all CPUs work on the same few lines."""

from .design import Design, LockedVector
from .lines import POINTERS_PER_LINE


class MutexVector(Design):
    """A lock line, the vector's header, and the slot on top: three lines that every operation changes."""

    system, title = "mutex_vector", "mutex + vector"

    def __init__(self, memory, cpus):
        super().__init__(memory, cpus)
        self.shared = LockedVector(memory)
        self.idle = []

    def get(self, cpu):
        self.shared.lock(cpu)
        self.shared.change_header(cpu)
        if not self.idle:
            return self.make()
        self.shared.change_slot(cpu, len(self.idle) - 1)
        return self.idle.pop()

    def put(self, cpu, thing):
        self.shared.lock(cpu)
        self.shared.change_header(cpu)
        self.shared.change_slot(cpu, len(self.idle))
        self.idle.append(thing)


class LockFreeStack(Design):
    """Treiber's stack as Boost has it: the free nodes are a second such stack.

    Each push and each pop looks at a head and then changes it, two transfers if others came between; a pop
    looks into the node as well. An intrusive stack would do with one head instead of two.
    """

    system, title = "boost_lockfree_stack", "lock-free stack"

    def __init__(self, memory, cpus):
        super().__init__(memory, cpus)
        self.head, self.free_head = memory.line(), memory.line()
        self.full, self.free = [], []  # full: (node, object)

    def get(self, cpu):
        memory = self.memory
        memory.read(cpu, self.head)
        if not self.full:
            return self.make()
        node, thing = self.full.pop()
        memory.read(cpu, node)
        memory.write(cpu, self.head)
        memory.read(cpu, self.free_head)
        memory.write(cpu, node)
        memory.write(cpu, self.free_head)
        self.free.append(node)
        return thing

    def put(self, cpu, thing):
        memory = self.memory
        memory.read(cpu, self.free_head)
        if self.free:
            node = self.free.pop()
            memory.read(cpu, node)
            memory.write(cpu, self.free_head)
        else:
            node = memory.line()
        memory.write(cpu, node)
        memory.read(cpu, self.head)
        memory.write(cpu, self.head)
        self.full.append((node, thing))


class BoundedQueue(Design):
    """Two counters that hand out tickets, and eight rings in which a ticket's turn is awaited, as in TBB."""

    system, title = "tbb_bounded_queue", "MPMC queue (two counters)"
    rings = 8
    lines_per_ring = 64

    def __init__(self, memory, cpus):
        super().__init__(memory, cpus)
        self.heads, self.tails = memory.line(), memory.line()
        self.turns = [memory.line() for _ in range(self.rings)]
        self.slots = [[memory.line() for _ in range(self.lines_per_ring)] for _ in range(self.rings)]
        self.head = 0
        self.items = {}
        self.tail = 0

    def get(self, cpu):
        self.memory.read(cpu, self.heads)
        self.memory.read(cpu, self.tails)
        if self.head == self.tail:
            return self.make()
        self.memory.write(cpu, self.heads)
        self._use_slot(cpu, self.head)
        self.head += 1
        return self.items.pop(self.head - 1)

    def put(self, cpu, thing):
        self.memory.write(cpu, self.tails)
        self.memory.read(cpu, self.heads)  # is there room?
        self._use_slot(cpu, self.tail)
        self.items[self.tail] = thing
        self.tail += 1

    def _use_slot(self, cpu, ticket):
        ring, place = ticket % self.rings, ticket // self.rings
        self.memory.write(cpu, self.turns[ring])
        self.memory.write(cpu, self.slots[ring][place // POINTERS_PER_LINE % self.lines_per_ring])
