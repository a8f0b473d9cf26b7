"""R22's claims beside what was found: each with a rule that is stated."""

from recipes.claims.table import Claim
from recipes.r22.claims import networks, regularized, selectivity
from recipes.runner.results import Results

_THEMES = (selectivity, networks, regularized)


def claims(results: Results) -> list[Claim]:
    """All claims of R22 for which there are runs.

    Reference:
        R22 sections 4.1 to 4.7, appendices A.2 to A.5. Figure 1 is a diagram, and
        figure 4 is lost from the paper's text.
    """
    return [claim for theme in _THEMES for claim in theme.claims(results)]
