"""How the package answers to every bad input of the tables, in numbers.

    python -m tests.bad_inputs [PART ...]

Prints each row that is not refused well, the slowest ones, and counts: rows, refused
well, with a result, refused by other code than this package's. A part is a module of
this folder, as `plots`.
"""

import sys
import time

from .table import PARTS, answer, rows_of, summary
from .world import World


def main() -> None:
    """Run the tables and print what came."""
    world, answers, seconds = World(), [], []
    for row in rows_of(*(sys.argv[1:] or PARTS)):
        start = time.perf_counter()
        answers.append(answer(row, world))
        seconds.append((time.perf_counter() - start, str(row)))
        if answers[-1].fault:
            print(f"{row}: {answers[-1].fault}"[:500])
    print("slowest:", *(f"{s:.2f} s {row}" for s, row in sorted(seconds)[:-6:-1]))
    print(summary(answers), f"in {sum(s for s, _ in seconds):.1f} s")


if __name__ == "__main__":
    main()
