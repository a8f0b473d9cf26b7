"""M18's figures, main text and appendix, of whatever runs there are."""

from recipes.figures import themed
from recipes.m18.figures import generalization, memorization, regularizers, units

THEMES = (memorization, generalization, regularizers, units)
figures = themed(THEMES)
