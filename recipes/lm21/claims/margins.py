"""How much is much: the margins of LM21's claims, each stated before any run was seen.

A direction holds from 0 on; the smallest effect that would matter decides when it is
refuted, and is a quarter to a half of what the paper finds. A number that the paper
prints is judged by a range around it. What five networks can tell of accuracy, whose
seeds differ by a point, is a point and a half: margins of "no harm" are no smaller.
"""

from recipes.claims.verdicts import Says, at_least, within

#: Of the main result: a reader calls a percentage point a difference.
POINT = 0.01
#: "No harm", "no different": a quarter of the 6 points between alpha of -2 and 2.
HARMLESS = 0.015
#: "Little effect", "minimal": a point, with a point to spare.
LITTLE = 0.02
#: The paper's smallest effects of alpha on accuracy are of one or two points.
HALF_POINT = 0.005
#: Of SI, whose steps in the paper's grid are of 0.05 and more.
SI_STEP = 0.02
#: Of a CCA distance ratio, which is above 1.1 at most alphas of the paper.
RATIO_STEP = 0.05
#: SI with and without warm-up is much the same up to here: a third of a usual step.
ALIKE = 0.05
#: Of a share of the units.
SHARE = 0.05

#: Why the miniature can say nothing of some networks.
NO_RESNET50 = "ResNet50 is not trained: ResNet18 is the miniature's larger network"
NO_VARIANT = "the variants are trained of ResNet20 alone"


def about(number: float) -> Says:
    """A difference of accuracy of such a size, give or take half of it."""
    slack = max(abs(number) / 2, HARMLESS)
    return within(number - slack, number + slack)


def costs(number: float) -> Says:
    """A loss of accuracy of so much at most, with a point to spare.

    At the paper's own loss exactly, a bound there would hold by chance alone.
    """
    return at_least(-max(number + POINT, HARMLESS))
