"""From outcomes to claims."""

from collections.abc import Iterator

from recipes.claims import Claim
from recipes.lm21.claims.verdicts import Outcome


def stated(
    network: str, *statements: tuple[str, str, Outcome | None]
) -> Iterator[Claim]:
    """Claims about a network.

    Args:
        network: Its name.
        *statements: For each claim the paper's rows, what it says, and what was
            found; None: nothing, and the claim is left out.

    Yields:
        Claims.
    """
    for rows, claim, outcome in statements:
        if outcome is not None:
            yield Claim(rows, network, claim, *outcome)
