"""Transfers per operation on paper, without the objects' own. An operation is a get with its put.

p = (N - 1) / N is the chance that the CPU that used a line last was another one. A line that every operation
changes costs p each time.

- mutex + vector: lock, header, top slot; twice: 6 p.
- Lock-free stack: two heads, each looked at and changed by a get and by a put: 8 p. A node is read and
  changed by both: 4 p, and 4 if who gets never puts.
- Queue with two counters: a put changes the tail and looks at the head, a get looks at both and changes the
  head; a ring's turn and a slot each time: 9 p, with few CPUs a little less.
- Thread-local chunks: 256 pointers are 32 lines, written and read, and three lines behind the mutex, twice.
- Thread caches: a batch of 32 objects for the lock and a slot, twice: 4 / 32. Who
  has just had a batch does not need the next one, so it was always another CPU.
- Go: head and tail in one word, looked at and changed by either side; half of the time the other one was
  there in between: 4 / 2. A line has four values, and goes there and back: 2 / 4.
- ebbpool, a magazine of 62 objects: the depot's head is looked at and changed twice: 4. Of the magazine's
  eight lines the first is looked at and changed by either side, the others travel: 2 (2 + 7). Empty ones
  change the line of their shard's, where they are looked for and taken: 3. Together 25.
- ebbpool, halves: before they find an empty magazine those who put look at all others who put: N / 2 - 1.
"""


def other(cpus):
    """p: the chance that the last one was another CPU."""
    return 1 - 1 / cpus


NOTHING = ("0", lambda cpus: 0)
MUTEX = ("6 p", lambda cpus: 6 * other(cpus))
QUEUE = ("9 p", lambda cpus: 9 * other(cpus))
LOCAL = ("ebb", "ebb_portable", "tls_list", "tls_overflow", "tcmalloc", "go_sync_pool", "per_cpu_trylock")
IN_TURNS = {
    **{system: NOTHING for system in LOCAL},
    "mutex_vector": MUTEX,
    "boost_lockfree_stack": ("12 p", lambda cpus: 12 * other(cpus)),
    "tbb_bounded_queue": QUEUE,
}
HAND_OVER = {
    "tls_list": NOTHING,
    "tls_overflow": ("(64 + 6) / 256", lambda cpus: 70 / 256),
    "tcmalloc": ("4 / 32", lambda cpus: 4 / 32),
    "mutex_vector": MUTEX,
    "boost_lockfree_stack": ("8 p + 4", lambda cpus: 8 * other(cpus) + 4),
    "tbb_bounded_queue": QUEUE,
}
MAGAZINE = ("25 / 62", lambda cpus: 25 / 62)
SEARCH = ("(25 + N/2 - 1) / 62", lambda cpus: (25 + cpus / 2 - 1) / 62)

FORMULAS = {
    "pair": IN_TURNS,
    "burst_100": IN_TURNS,
    "handover": {**HAND_OVER, "ebb": MAGAZINE, "ebb_portable": MAGAZINE,
                 "go_sync_pool": ("4 / 2 + 2 / 4", lambda cpus: 2.5)},
    "handover_random": HAND_OVER,
    "handover_halves": {**HAND_OVER, "ebb": SEARCH, "ebb_portable": SEARCH},
}
