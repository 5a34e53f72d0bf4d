"""Cache lines, who holds them, and how often they had to travel."""

POINTERS_PER_LINE = 8
BITS = [1 << cpu for cpu in range(512)]


class Domain:
    """Lines that one CPU after the other has to work on: one line, or all that one lock protects."""

    __slots__ = ("transfers",)

    def __init__(self):
        self.transfers = 0


class Line:
    """64 bytes. A bit in `holders` for each CPU that has a valid copy."""

    __slots__ = ("holders", "written", "domain")

    def __init__(self, domain):
        self.holders = 0
        self.written = False
        self.domain = domain


class Memory:
    """Counts transfers: every access that could not be served by what the CPU already holds.

    A write needs the line for oneself; a read needs a copy that is not outdated. A line nobody has touched
    yet comes from memory and counts nothing, nor does reading one that was never written.
    """

    def __init__(self, cpus):
        self.by_cpu = [0] * cpus
        self.objects = Domain()
        self._domains = []

    def domain(self):
        self._domains.append(Domain())
        return self._domains[-1]

    def line(self, domain=None):
        return Line(domain or self.domain())

    def lines(self, count, domain=None):
        """Lines that lie side by side; each for itself where no lock protects them."""
        return [self.line(domain) for _ in range(count)]

    def new_object(self):
        """The first line of an object: the one its user writes."""
        return Line(self.objects)

    def read(self, cpu, line):
        bit = BITS[cpu]
        if not line.holders & bit:
            line.holders |= bit
            if line.written:
                line.domain.transfers += 1
                self.by_cpu[cpu] += 1

    def write(self, cpu, line):
        bit = BITS[cpu]
        if line.holders != bit:
            if line.holders:
                line.domain.transfers += 1
                self.by_cpu[cpu] += 1
            line.holders = bit
        line.written = True

    def forget_counts(self):
        """After the warm-up."""
        self.by_cpu = [0] * len(self.by_cpu)
        self.objects.transfers = 0
        for domain in self._domains:
            domain.transfers = 0

    def pool_transfers(self):
        return sum(domain.transfers for domain in self._domains)

    def of_the_busiest(self):
        return max((domain.transfers for domain in self._domains), default=0)
