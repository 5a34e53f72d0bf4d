"""Words and tables."""


def of_threads(count):
    return "1 thread" if count == 1 else f"{count} threads"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)
