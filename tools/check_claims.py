"""How often a paper's claims are judged right: `python -m tools.check_claims lm21`.

The paper's miniature is drawn again and again as it might come out where the paper is
right, and where nothing has any effect: the same networks, other noise
(`tests/recipes/<paper>/worlds.py` says what is drawn, and how much seeds differ). Of
the paper's own effects a claim should be held as often as can be, and refuted in 5% of
cases at most; without an effect it should be held in 5% at most, but for those that
say that there is none.
"""

import argparse
import importlib
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from recipes import papers
from recipes.claims.table import Claim, markdown
from recipes.claims.verdicts import HELD, NOT_TESTED, REFUTED, UNDECIDED, Verdict

#: Those whose worlds can be drawn: G19's claims are of three networks, one each.
PAPERS = ("lm21", "m18", "r22")
#: Kinds of worlds that `draw` of a paper's worlds knows.
RIGHT, FLAT = "right", "flat"
#: Columns of the table.
JUDGED = (HELD, REFUTED, UNDECIDED)
#: Where, of which network, and what.
Key = tuple[str, str, str]


def drawn(paper: str, kind: str, seed: int) -> list[Claim]:
    """The claims of a paper in a world."""
    # Of the tests, which import some of their helpers by themselves.
    worlds = importlib.import_module(f"tests.recipes.{paper}.worlds")
    with tempfile.TemporaryDirectory() as folder:
        return papers.get(paper).claims(worlds.draw(Path(folder), kind, seed))


def rates(paper: str, kind: str, draws: int) -> dict[Key, Counter[Verdict]]:
    """How often each claim has each verdict."""
    found: dict[Key, Counter[Verdict]] = {}
    for seed in range(draws):
        for claim in drawn(paper, kind, seed):
            key = claim.rows, claim.network, claim.claim
            found.setdefault(key, Counter())[claim.verdict] += 1
        print(f"{kind}: {seed + 1} of {draws}", file=sys.stderr, end="\r")
    print(file=sys.stderr)
    return found


def report(paper: str, draws: int) -> Iterator[str]:
    """The table, and what it comes to."""
    kinds = {kind: rates(paper, kind, draws) for kind in (RIGHT, FLAT)}
    right, flat = kinds[RIGHT], kinds[FLAT]
    tested = [key for key, counts in right.items() if NOT_TESTED not in counts]
    yield f"Per cent held / refuted / undecided in {draws} draws of either world.\n"
    rows = [
        [*key, *(" / ".join(_percent(of.get(key), draws)) for of in kinds.values())]
        for key in tested
    ]
    yield markdown(("paper", "network", "claim", RIGHT, FLAT), rows)
    yield f"\n{len(tested)} claims are tested, {len(right) - len(tested)} are not."
    for verdict in JUDGED:
        yield (
            f"{verdict}: {_mean(right, tested, verdict, draws)} where the paper is "
            f"right, {_mean(flat, tested, verdict, draws)} without any effect"
        )
    weak = sum(right[key][HELD] < draws / 2 for key in tested)
    wrong = [key for key in tested if right[key][REFUTED] > 0.05 * draws]
    yield f"Held in less than half of the draws where the paper is right: {weak}."
    yield f"Refuted there in more than 5% of them: {len(wrong)}."
    for rows_, network, claim in wrong:
        yield f"- {rows_}, {network}: {claim}"


def _percent(counts: Counter[Verdict] | None, draws: int) -> list[str]:
    return [f"{100 * (counts or Counter())[one] / draws:.0f}" for one in JUDGED]


def _mean(
    found: dict[Key, Counter[Verdict]], keys: list[Key], verdict: Verdict, draws: int
) -> str:
    counts = sum(found[key][verdict] for key in keys if key in found)
    return f"{counts / max(len(keys) * draws, 1):.0%}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paper", choices=PAPERS)
    parser.add_argument("--draws", type=int, default=20, help="of each world")
    args = parser.parse_args()
    for line in report(args.paper, args.draws):
        print(line, flush=True)


if __name__ == "__main__":
    main()
