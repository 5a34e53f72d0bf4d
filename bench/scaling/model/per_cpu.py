"""Designs with a part per CPU from which others take when theirs is empty, one object at a time."""

from itertools import chain

from .design import Design, Ring
from .lines import POINTERS_PER_LINE


class TryLocks(Design):
    """A vector per CPU behind a lock that is tried; who finds its own empty tries all others in turn."""

    system, title = "per_cpu_trylock", "try-lock + vector per CPU"

    def __init__(self, memory, cpus):
        super().__init__(memory, cpus)
        self.idle = [[] for _ in range(cpus)]
        self.slots = [[] for _ in range(cpus)]
        # The lock and the vector's header fit into one line.
        self.headers = [memory.line() for _ in range(cpus)]

    def get(self, cpu):
        for owner in chain(range(cpu, self.cpus), range(cpu)):
            self.memory.write(cpu, self.headers[owner])
            if self.idle[owner]:
                thing = self.idle[owner].pop()
                self._use_slot(cpu, owner)
                return thing
        return self.make()

    def put(self, cpu, thing):
        self.memory.write(cpu, self.headers[cpu])
        self._use_slot(cpu, cpu)
        self.idle[cpu].append(thing)

    def _use_slot(self, cpu, owner):
        number = len(self.idle[owner]) // POINTERS_PER_LINE
        if number == len(self.slots[owner]):
            self.slots[owner].append(self.memory.line(self.headers[owner].domain))
        self.memory.write(cpu, self.slots[owner][number])


class GoSyncPool(Design):
    """Go's sync.Pool: one private object per P, and a ring: its owner uses the head, thieves the tail.

    The chain of rings is one ring here: in the long run it is.
    """

    system, title = "go_sync_pool", "Go sync.Pool"
    values_per_line = 4  # an interface is two words
    lines_per_ring = 64

    def __init__(self, memory, cpus):
        super().__init__(memory, cpus)
        self.private = [None] * cpus
        self.locals = [memory.line() for _ in range(cpus)]  # private, and where the ring is
        self.ends = [memory.line() for _ in range(cpus)]  # head and tail in one word
        self.slots = [[memory.line() for _ in range(self.lines_per_ring)] for _ in range(cpus)]
        self.rings = [{} for _ in range(cpus)]
        self.head, self.tail = [0] * cpus, [0] * cpus
        self.have_put = Ring()

    def get(self, cpu):
        memory = self.memory
        thing, self.private[cpu] = self.private[cpu], None
        if thing is not None:
            memory.write(cpu, self.locals[cpu])
            return thing
        thing = self._take(cpu, cpu, from_head=True)
        if thing is not None:
            return thing
        for owner in self.have_put.starting_at(cpu + 1):
            memory.read(cpu, self.locals[owner])
            thing = self._take(cpu, owner, from_head=False)
            if thing is not None:
                return thing
        return self.make()

    def put(self, cpu, thing):
        memory = self.memory
        if self.private[cpu] is None:
            self.have_put.add(cpu)
            self.private[cpu] = thing
            memory.write(cpu, self.locals[cpu])
            return
        memory.read(cpu, self.locals[cpu])
        memory.read(cpu, self.ends[cpu])
        memory.write(cpu, self._slot(cpu, self.head[cpu]))
        self.rings[cpu][self.head[cpu]] = thing
        self.head[cpu] += 1
        memory.write(cpu, self.ends[cpu])

    def _take(self, cpu, owner, from_head):
        memory = self.memory
        memory.read(cpu, self.ends[owner])
        if self.head[owner] == self.tail[owner]:
            return None
        memory.write(cpu, self.ends[owner])
        if from_head:
            self.head[owner] -= 1
            place = self.head[owner]
        else:
            place = self.tail[owner]
            self.tail[owner] += 1
        memory.write(cpu, self._slot(owner, place))
        return self.rings[owner].pop(place)

    def _slot(self, owner, place):
        return self.slots[owner][place // self.values_per_line % self.lines_per_ring]


class Moodycamel(Design):
    """moodycamel::ConcurrentQueue: a queue per thread for what it puts.

    A get looks at all queues in the same order, whoever asks, until it has seen three that hold something,
    and takes from the longest.
    """

    system, title = "moodycamel_queue", "queue per producer"
    looked_at = 3
    block = 32
    blocks = 16

    def __init__(self, memory, cpus):
        super().__init__(memory, cpus)
        self.indexes = [memory.line() for _ in range(cpus)]
        self.done = [[memory.line() for _ in range(self.blocks)] for _ in range(cpus)]
        self.slots = [[memory.line() for _ in range(self.blocks * self.block // POINTERS_PER_LINE)]
                      for _ in range(cpus)]
        self.items = [{} for _ in range(cpus)]
        self.head, self.tail = [0] * cpus, [0] * cpus

    def get(self, cpu):
        best, longest, seen = None, 0, 0
        read, head, tail = self.memory.read, self.head, self.tail
        for owner, line in enumerate(self.indexes):
            read(cpu, line)
            length = tail[owner] - head[owner]
            if length == 0:
                continue
            if length > longest:
                best, longest = owner, length
            seen += 1
            if seen == self.looked_at:
                break
        if best is None:
            return self.make()
        place = self.head[best]
        self.head[best] += 1
        self.memory.write(cpu, self.indexes[best])
        self.memory.write(cpu, self._slot(best, place))
        self.memory.write(cpu, self.done[best][place // self.block % self.blocks])
        return self.items[best].pop(place)

    def put(self, cpu, thing):
        place = self.tail[cpu]
        self.tail[cpu] += 1
        self.memory.write(cpu, self.indexes[cpu])
        self.memory.write(cpu, self._slot(cpu, place))
        self.items[cpu][place] = thing

    def _slot(self, owner, place):
        return self.slots[owner][place // POINTERS_PER_LINE % len(self.slots[owner])]
