"""Designs that keep objects with the thread; a thread here is what runs on a CPU."""

from .design import Design, LockedVector
from .lines import POINTERS_PER_LINE


class ThreadLocalList(Design):
    """Nothing is ever shared, so nothing travels; and what one thread puts another never gets."""

    system, title = "tls_list", "thread-local list"
    capacity = 256

    def __init__(self, memory, cpus):
        super().__init__(memory, cpus)
        self.lists = [[] for _ in range(cpus)]
        self.heads = [memory.line() for _ in range(cpus)]

    def get(self, cpu):
        self.memory.write(cpu, self.heads[cpu])
        mine = self.lists[cpu]
        return mine.pop() if mine else self.make()

    def put(self, cpu, thing):
        self.memory.write(cpu, self.heads[cpu])
        if len(self.lists[cpu]) < self.capacity:
            self.lists[cpu].append(thing)  # else it is destroyed


class ThreadLocalOverflow(Design):
    """A thread-local list; when full it goes as a chunk into a vector behind a mutex, as in brpc.

    The pointers are copied into the chunk and out of it. Who makes room for chunks is the allocator; here
    they are kept beside the vector, so that no transfer is counted for that.
    """

    system, title = "tls_overflow", "thread-local + global chunks"
    chunk = 256

    def __init__(self, memory, cpus):
        super().__init__(memory, cpus)
        self.lists = [[] for _ in range(cpus)]
        self.heads = [memory.line() for _ in range(cpus)]
        self.shared = LockedVector(memory)
        self.full, self.spare = [], []  # full: (lines, objects)

    def get(self, cpu):
        self.memory.write(cpu, self.heads[cpu])
        mine = self.lists[cpu]
        if not mine:
            self.shared.lock(cpu)
            self.shared.change_header(cpu)
            if not self.full:
                return self.make()
            lines, things = self.full.pop()
            self.shared.change_slot(cpu, len(self.full))
            for line in lines:
                self.memory.read(cpu, line)
            self.spare.append(lines)
            mine.extend(things)
        return mine.pop()

    def put(self, cpu, thing):
        self.memory.write(cpu, self.heads[cpu])
        mine = self.lists[cpu]
        if len(mine) == self.chunk:
            lines = self.spare.pop() if self.spare else self.memory.lines(self.chunk // POINTERS_PER_LINE)
            for line in lines:
                self.memory.write(cpu, line)
            self.shared.lock(cpu)
            self.shared.change_header(cpu)
            self.shared.change_slot(cpu, len(self.full))
            self.full.append((lines, mine[:]))
            mine.clear()
        mine.append(thing)


class ThreadCaches(Design):
    """malloc with thread caches and a central list of batches behind a lock: tcmalloc, for 1 KiB.

    Free objects are linked through themselves, so a batch is one pointer. How long a thread's list may be
    is learnt; here it is what bursts of 100 make of it. The limit on a thread's bytes, and the spans below,
    are left out.
    """

    system, title = "tcmalloc", "malloc with thread caches"
    chunk = 32
    limit = 128
    slots_per_line = 4

    def __init__(self, memory, cpus):
        super().__init__(memory, cpus)
        self.lists = [[] for _ in range(cpus)]
        self.heads = [memory.line() for _ in range(cpus)]
        self.shared = LockedVector(memory)
        self.batches = []

    def get(self, cpu):
        self.memory.write(cpu, self.heads[cpu])
        mine = self.lists[cpu]
        if not mine:
            self.shared.lock(cpu)
            if not self.batches:
                return self.make()
            mine.extend(self.batches.pop())
            self.shared.change_slot(cpu, len(self.batches), self.slots_per_line)
        return mine.pop()

    def put(self, cpu, thing):
        self.memory.write(cpu, self.heads[cpu])
        mine = self.lists[cpu]
        mine.append(thing)
        if len(mine) > self.limit:
            self.shared.lock(cpu)
            self.shared.change_slot(cpu, len(self.batches), self.slots_per_line)
            self.batches.append(mine[-self.chunk:])
            del mine[-self.chunk:]
