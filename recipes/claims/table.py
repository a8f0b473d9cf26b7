"""A paper's claims beside what was found: the table that a reader wants first."""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from recipes.claims.samples import resolved
from recipes.claims.verdicts import REFUTED, Outcome, Verdict, not_tested
from recipes.runner.results import Results


@dataclasses.dataclass(frozen=True)
class Claim:
    """One claim of a paper, put to the test.

    Attributes:
        rows: Where in the paper, by the catalogue's row: "F1a, A2a".
        network: Which network was looked at.
        claim: What the paper says, with its number.
        found: What was measured, with numbers.
        test: What was asked of it, and when the claim holds; where it was not tested,
            why not.
        pvalue: How often as much would be found by chance, did the claim just not
            hold; None without a test.
        verdict: What follows.
    """

    rows: str
    network: str
    claim: str
    found: str
    test: str
    pvalue: float | None
    verdict: Verdict


#: For each claim the paper's rows, what it says, and what was found, if anything.
Statements = Iterable[tuple[str, str, Outcome | None]]


def stated(network: str, statements: Statements) -> Iterator[Claim]:
    """Claims about a network, without those of which nothing was found."""
    for rows, claim, outcome in statements:
        if outcome is not None:
            yield Claim(rows, network, claim, *outcome)


class Row(NamedTuple):
    """A claim as data: `Row("F1a", "what the paper says").by(rule, *arguments)`.

    Attributes:
        rows: Where in the paper.
        claim: What it says.
        rule: Judges it, called with the arguments and options.
        arguments: A `Quantity` or `Asked` among them is replaced by its `Samples`, and
            a `Found` by what it finds.
        options: As they are.
        untested: Why a miniature cannot say anything of it; "" where it can.
    """

    rows: str
    claim: str
    rule: Callable[..., Outcome | None] = lambda: None
    arguments: tuple[Any, ...] = ()
    options: Mapping[str, Any] = MappingProxyType({})
    untested: str = ""

    def by(
        self, rule: Callable[..., Outcome | None], *arguments: Any, **options: Any
    ) -> Self:
        """The same claim, with the rule by which it is judged."""
        return self._replace(rule=rule, arguments=arguments, options=options)

    def not_in_miniature(self, why: str) -> Self:
        """The same claim, of which the miniature is known beforehand to say nothing."""
        return self._replace(untested=why)

    def judged(
        self, arguments: Iterable[Any], *, miniature: bool = False
    ) -> Outcome | None:
        """What its rule finds, unless a miniature can say nothing of it."""
        if self.untested and miniature:
            return not_tested(self.untested)
        return self.rule(*arguments, **self.options)


def claimed(
    results: Results, network: str, rows: Iterable[Row], sweep: str | None = None
) -> Iterator[Claim]:
    """The claims of a table about a network.

    Args:
        results: The finished runs.
        network: What the claims are about.
        rows: The table.
        sweep: Where its runs are; None: in that of the network's name.
    """
    of = functools.lru_cache(maxsize=None, typed=True)(
        functools.partial(resolved, results, sweep or network)
    )
    for row in rows:
        outcome = row.judged(map(of, row.arguments), miniature=results.miniature)
        yield from stated(network, [(row.rows, row.claim, outcome)])


def markdown(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown.

    Example:
        >>> print(markdown(["a", "b"], [["1", "2"]]))
        | a | b |
        |---|---|
        | 1 | 2 |
    """
    lines = ["| " + " | ".join(cells) + " |" for cells in (headings, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(headings), *lines[1:]])


def table(claims: Sequence[Claim]) -> str:
    """The claims as a table in Markdown.

    Example:
        >>> print(table([Claim("F1a", "resnet20", "harmless", "98 %", "t-test",
        ...                    0.0004, Verdict.HELD)]))
        | paper | network | claim | measured | rule | p | verdict |
        |---|---|---|---|---|---|---|
        | F1a | resnet20 | harmless | 98 % | t-test | 0.0004 | held |
    """
    rows = []
    for claim in claims:
        p = "" if claim.pvalue is None else f"{claim.pvalue:.2g}"
        cells = (claim.rows, claim.network, claim.claim, claim.found, claim.test, p)
        rows.append([*cells, _shown(claim.verdict)])
    headings = ("paper", "network", "claim", "measured", "rule", "p", "verdict")
    return markdown(headings, rows)


def page(claims: Sequence[Claim]) -> str:
    """The claims by verdict, those that held first, each with its table.

    Example:
        >>> print(page([]))
        Of 0 claims 0 held, 0 refuted, 0 undecided, 0 not tested.
    """
    parts = [_ending(claims)]
    for verdict in Verdict:
        if own := [claim for claim in claims if claim.verdict is verdict]:
            parts += [f"## {str(verdict).capitalize()}: {len(own)}", table(own)]
    return "\n\n".join(parts)


def overview(claims: Mapping[str, Sequence[Claim]]) -> str:
    """How many claims of each paper have each verdict, and how many were decided.

    Example:
        >>> held = Claim("F1a", "resnet20", "harmless", "98 %", "", None, Verdict.HELD)
        >>> print(overview({"lm21": [held]}))
        | paper | claims | held | refuted | undecided | not tested | decided of tested |
        |---|---|---|---|---|---|---|
        | lm21 | 1 | 1 | 0 | 0 | 0 | 100% |
    """
    rows = []
    for paper, ones in claims.items():
        counts = dict(counted(ones))
        tested = len(ones) - counts[Verdict.NOT_TESTED]
        decided = tested - counts[Verdict.UNDECIDED]
        share = f"{decided / tested:.0%}" if tested else ""
        rows.append([paper, str(len(ones)), *map(str, counts.values()), share])
    return markdown(["paper", "claims", *Verdict, "decided of tested"], rows)


def summary(claims: Sequence[Claim]) -> str:
    """The claims in a line each, for a terminal, and how many held.

    Example:
        >>> print(summary([Claim("F1a", "resnet20", "harmless", "98 %", "t-test",
        ...                      0.0004, Verdict.HELD)]))
        held        F1a, resnet20: harmless
        Of 1 claims 1 held, 0 refuted, 0 undecided, 0 not tested.
    """
    lines = [
        f"{claim.verdict:<12}{claim.rows}, {claim.network}: {claim.claim}"
        for claim in claims
    ]
    return "\n".join([*lines, _ending(claims)])


def counted(claims: Sequence[Claim]) -> list[tuple[Verdict, int]]:
    """How many claims have each verdict."""
    return [
        (verdict, sum(claim.verdict is verdict for claim in claims))
        for verdict in Verdict
    ]


def _ending(claims: Sequence[Claim]) -> str:
    counts = ", ".join(f"{count} {verdict}" for verdict, count in counted(claims))
    return f"Of {len(claims)} claims {counts}."


def _shown(verdict: Verdict) -> str:
    return f"**{verdict}**" if verdict is REFUTED else str(verdict)
