"""M18's claims, by theme, beside what was found: each with a rule that is stated."""

from recipes.claims.table import Claim
from recipes.m18.claims import generalization, memorization, regularizers, units
from recipes.runner.results import Results

_THEMES = (memorization, generalization, regularizers, units)


def claims(results: Results) -> list[Claim]:
    """All claims of M18 for which there are runs.

    Reference:
        M18 sections 3.1 to 3.4 and appendices A.1 to A.5.
    """
    return [claim for theme in _THEMES for claim in theme.claims(results)]
