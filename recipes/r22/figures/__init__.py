"""R22's figures, main text and appendix, of whatever runs there are."""

from recipes.figures import themed
from recipes.r22.figures import ablations, regularized, selectivity, similarity

THEMES = (selectivity, ablations, similarity, regularized)
figures = themed(THEMES)
