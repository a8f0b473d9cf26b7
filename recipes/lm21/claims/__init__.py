"""LM21's claims, by theme, beside what was found: each with a rule that is stated."""

from recipes.claims.table import Claim
from recipes.lm21.claims import (
    accuracy,
    basis,
    layers,
    measures,
    selectivity,
    training,
    units,
)
from recipes.runner.results import Results

_THEMES = (accuracy, basis, selectivity, units, measures, layers, training)


def claims(results: Results) -> list[Claim]:
    """All claims of LM21 for which there are runs.

    Reference:
        LM21 sections 4.1 to 4.3 and appendices A.2 to A.18. Of its figures without a
        claim of their own, F1b, A2b and the like show part of another; F4b and A32
        show every network, and are taken as what their captions say.
    """
    return [claim for theme in _THEMES for claim in theme.claims(results)]
