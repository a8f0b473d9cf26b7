"""LM21's figures, main text and appendix, of whatever runs there are.

The paper draws most for ResNet18 and ResNet20, some for VGG16 and two for ResNet50;
here each network has all of them.
"""

from recipes.figures import themed
from recipes.lm21.figures import (
    accuracy,
    activity,
    information,
    learning,
    off_axis,
    variants,
)

THEMES = (accuracy, information, off_axis, activity, variants, learning)
figures = themed(THEMES)
