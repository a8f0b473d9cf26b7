"""A paper's claims beside what was found: the table that a reader wants first."""

import dataclasses
from collections.abc import Sequence


@dataclasses.dataclass(frozen=True)
class Claim:
    """One claim of a paper, put to the test.

    Attributes:
        rows: Where in the paper, by the catalogue's row: "F1a, A2a".
        network: Which network was looked at.
        claim: What the paper says, with its number.
        found: What was measured, with numbers.
        test: Which test, and of what.
        pvalue: Of that test, corrected for the family; None without a test.
        held: Whether what was found agrees; None where it could not be decided.
    """

    rows: str
    network: str
    claim: str
    found: str
    test: str
    pvalue: float | None
    held: bool | None


_HELD = {True: "yes", False: "no", None: "undecided"}


def table(claims: Sequence[Claim]) -> str:
    """The claims as a table in Markdown.

    Args:
        claims: In the order of the paper.

    Returns:
        Lines of text.

    Example:
        >>> print(table([Claim("F1a", "resnet20", "harmless", "98 %", "t-test",
        ...                    0.0004, True)]))
        | paper | network | claim | measured | test | p | held |
        |---|---|---|---|---|---|---|
        | F1a | resnet20 | harmless | 98 % | t-test | 0.0004 | yes |
    """
    lines = [
        "| paper | network | claim | measured | test | p | held |",
        "|---|---|---|---|---|---|---|",
    ]
    for claim in claims:
        p = "" if claim.pvalue is None else f"{claim.pvalue:.2g}"
        held = "**no**" if claim.held is False else _HELD[claim.held]
        cells = (claim.rows, claim.network, claim.claim, claim.found, claim.test, p)
        lines.append("| " + " | ".join([*cells, held]) + " |")
    return "\n".join(lines)


def summary(claims: Sequence[Claim]) -> str:
    """The claims in a line each, for a terminal, and how many held.

    Args:
        claims: In the order of the paper.

    Returns:
        Lines of text.

    Example:
        >>> print(summary([Claim("F1a", "resnet20", "harmless", "98 %", "t-test",
        ...                      0.0004, True)]))
        yes       F1a, resnet20: harmless
        Of 1 claims 1 held, 0 did not, 0 are undecided.
    """
    lines = [
        f"{_HELD[claim.held]:<10}{claim.rows}, {claim.network}: {claim.claim}"
        for claim in claims
    ]
    counts = [sum(c.held is held for c in claims) for held in (True, False, None)]
    yes, no, undecided = counts
    ending = f"{yes} held, {no} did not, {undecided} are undecided."
    return "\n".join([*lines, f"Of {len(claims)} claims {ending}"])
