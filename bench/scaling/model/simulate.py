"""One design under one workload, operations one at a time, of CPUs drawn at random."""

from collections import deque

from .lines import Memory


class Counts:
    """Transfers per operation: a get with its put."""

    def __init__(self, memory, design, operations, made_before, sides):
        self.pool = memory.pool_transfers() / operations
        self.objects = memory.objects.transfers / operations
        self.serialised = memory.of_the_busiest() / operations
        self.made = (design.made - made_before) / operations
        # Of the CPUs that do one half of each operation, those that wait for more transfers.
        self.slower_side = max(sum(memory.by_cpu[cpu] for cpu in side) for side in sides) / operations


def measured(rng, memory, design, step, steps, warm_up, sides):
    """Does the steps of CPUs drawn at random; a step says whether it got or put anything."""
    cpus = range(len(memory.by_cpu))
    for cpu in rng.choices(cpus, k=warm_up):
        step(cpu)
    memory.forget_counts()
    made_before = design.made
    halves = sum(map(step, rng.choices(cpus, k=steps)))
    return Counts(memory, design, halves / 2, made_before, sides)


def in_turns(design_class, cpus, steps, rng, burst):
    """Each CPU gets `burst` objects, writes to each, and puts them all."""
    memory = Memory(cpus)
    design = design_class(memory, cpus)
    held = [[] for _ in range(cpus)]
    putting = [True] * cpus

    def step(cpu):
        mine = held[cpu]
        if putting[cpu]:
            design.put(cpu, mine.pop())
            putting[cpu] = bool(mine)
        else:
            thing = design.get(cpu)
            memory.write(cpu, thing)
            mine.append(thing)
            putting[cpu] = len(mine) == burst
        return True

    # They started together, so there are as many objects as all need at once; then they fell out of step, and
    # each used what it had collected for a while.
    for cpu in range(cpus):
        held[cpu] = [memory.new_object() for _ in range(burst)]
        for thing in held[cpu]:
            memory.write(cpu, thing)
    for cpu in range(cpus):
        for _ in range(burst):
            step(cpu)
    for cpu in range(cpus):
        for _ in range(burst + rng.randrange(2 * burst)):
            step(cpu)
    steps = max(steps, 8 * cpus)
    return measured(rng, memory, design, step, steps, 4 * cpus + steps // 4, [range(cpus)])


IN_QUEUE = 1024  # as in bench/harness/spsc_queue.hpp
STEPS_PER_CPU = 124  # at most; a producer empties one magazine of ebbpool meanwhile
WARM_UP_PER_CPU = 24


def hand_over(design_class, cpus, steps, rng, how):
    """Half of the CPUs get, the others put; each producer has a queue to its consumer.

    `how` is a function that says which, and how many objects, beside some chunks, are idle per consumer. The
    queue's own lines are not counted: they are the same for every design.
    """
    roles, idle = how
    memory = Memory(cpus)
    design = design_class(memory, cpus)
    producers, consumers = roles(cpus, rng)
    queues = [None] * cpus
    for producer, consumer in zip(producers, consumers):
        queues[producer] = queues[consumer] = deque()
    produces = [False] * cpus
    for producer in producers:
        produces[producer] = True

    def step(cpu):
        queue = queues[cpu]
        if produces[cpu]:
            if len(queue) == IN_QUEUE:
                return False
            thing = design.get(cpu)
            memory.write(cpu, thing)
            queue.append(thing)
        else:
            if not queue:
                return False
            thing = queue.popleft()
            memory.write(cpu, thing)
            design.put(cpu, thing)
        return True

    # Producers once ran ahead and left more objects than all hold at once. They are ahead again, so that
    # empty chunks go round, and each CPU is somewhere within the chunk it works on.
    for consumer in consumers:
        for _ in range(idle + 6 * design.chunk + rng.randrange(design.chunk)):
            thing = memory.new_object()
            memory.write(consumer, thing)
            design.put(consumer, thing)
    for producer in producers:
        for _ in range(2 * design.chunk + rng.randrange(design.chunk)):
            step(producer)
    steps = max(steps, min(STEPS_PER_CPU, 24 + 2 * design.chunk) * cpus)
    warm_up = max(steps // 4, WARM_UP_PER_CPU * cpus)
    return measured(rng, memory, design, step, steps, warm_up, (producers, consumers))
