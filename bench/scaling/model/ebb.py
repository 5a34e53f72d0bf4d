"""ebbpool, line by line as in include/ebb/detail and src: what a hit, a spill, a refill and a steal touch."""

from .design import Design, Ring
from .magazine import MAX_CAPACITY, Magazine, Stack

PILE = 4  # pool_state::note_spill
MAGAZINES_PER_PAGE = 8


class Shard:
    """What a CPU loads from: its magazine, its depot, its log, and its empty magazines."""

    def __init__(self, memory):
        self.top = memory.line()
        self.loaded = None
        self.depot = Stack(memory)
        self.parked = 0  # objects in the depot
        self.empties = Stack(memory)
        self.spare = None  # beside the head of `empties`, in the same line
        self.capacity = 1
        self.spill_seen = False

    def grow(self):
        self.capacity = min(2 * self.capacity, MAX_CAPACITY)


class Ebb(Design):
    """A magazine per shard, full ones in the shard's depot; who has none takes one from the next depot."""

    system, title = "ebb", "ebbpool"
    chunk = MAX_CAPACITY

    def __init__(self, memory, cpus):
        super().__init__(memory, cpus)
        self.shards = [Shard(memory) for _ in range(cpus)]
        self.have_parked = Ring()
        self.have_used_empties = Ring()
        self.empties = 0

    def get(self, cpu):
        shard, memory = self.shards[cpu], self.memory
        magazine = shard.loaded
        if magazine is None or not magazine.objects:
            return self._get_slow(cpu, shard)
        memory.read(cpu, magazine.line_of_top())
        memory.write(cpu, shard.top)
        return magazine.objects.pop()

    def put(self, cpu, thing):
        shard, memory = self.shards[cpu], self.memory
        magazine = shard.loaded
        if magazine is None or len(magazine.objects) == magazine.capacity:
            return self._spill(cpu, shard, thing)
        magazine.objects.append(thing)
        memory.write(cpu, magazine.line_of_top())
        memory.write(cpu, shard.top)

    def _get_slow(self, cpu, shard):
        magazine = self._find(cpu, shard)
        if magazine is None:
            return self.make()
        self.memory.read(cpu, magazine.line_of_top())
        thing = magazine.objects.pop()
        if not magazine.objects:
            self._release(cpu, shard, magazine)
            return thing
        self._load(cpu, shard, magazine)
        return thing

    def _find(self, cpu, shard):
        for owner in self.have_parked.starting_at(cpu):
            theirs = self.shards[owner]
            magazine = theirs.depot.pop(cpu)
            if magazine is None:
                continue
            theirs.parked -= len(magazine.objects)
            if theirs is shard and shard.spill_seen:
                shard.grow()  # shard_log::note_refill
            return magazine
        return None

    def _spill(self, cpu, shard, thing):
        fresh = self._acquire(cpu, shard)
        fresh.empty(shard.capacity)
        fresh.objects.append(thing)
        self.memory.write(cpu, fresh.line_of_top())
        full = self._load(cpu, shard, fresh)
        if full is None:
            return
        # The head of a depot's newest magazine has the number of objects from there on down.
        if shard.depot.magazines:
            self.memory.read(cpu, shard.depot.magazines[-1].lines[0])
        shard.depot.push(cpu, full)
        shard.parked += len(full.objects)
        self.have_parked.add(cpu)
        shard.spill_seen = True
        if shard.parked >= PILE * shard.capacity:
            shard.grow()

    def _load(self, cpu, shard, magazine):
        """Returns the full magazine that was loaded before; an empty one is released."""
        self.memory.write(cpu, magazine.lines[0])
        self.memory.write(cpu, shard.top)
        old, shard.loaded = shard.loaded, magazine
        if old is None or old.objects:
            return old
        self._release(cpu, shard, old)
        return None

    def _release(self, cpu, shard, magazine):
        self.memory.write(cpu, shard.empties.head)
        self.have_used_empties.add(cpu)
        before, shard.spare = shard.spare, magazine
        if before is not None:
            shard.empties.push(cpu, before)
            self.empties += 1

    def _acquire(self, cpu, shard):
        self.memory.write(cpu, shard.empties.head)
        self.have_used_empties.add(cpu)
        if shard.spare is not None:
            magazine, shard.spare = shard.spare, None
            return magazine
        # Where nobody has any, memory still grows, and how it does so is not what is counted.
        for owner in self.have_used_empties.starting_at(cpu) if self.empties else ():
            magazine = self.shards[owner].empties.pop(cpu)
            if magazine is not None:
                self.empties -= 1
                return magazine
        for _ in range(MAGAZINES_PER_PAGE - 1):
            shard.empties.push(cpu, Magazine(self.memory))
            self.empties += 1
        return Magazine(self.memory)


class EbbPortable(Ebb):
    """The same lines: the lock that takes the place of a restartable sequence lies beside `top`.

    Of the four shards that each CPU has here, the others serve threads that found the first one taken. With
    one thread on each CPU nobody puts into them, and looking into them costs no transfer.
    """

    system, title = "ebb_portable", "ebbpool (portable path)"
    same_lines_as = Ebb
