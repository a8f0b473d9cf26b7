"""What would matter: decided from the paper's numbers, before any run was seen."""

import math

from recipes.claims.verdicts import Says, within

#: The paper's curves are lost, and with them their areas: two points of accuracy, on
#: average over all fractions of silent units, are what a reader sees between curves.
AREA = 0.02
#: Fractions of silent units that are told apart: one point of a curve of 21.
FRACTION = 0.05
#: Mean accuracy under noise: as for the area.
NOISY = 0.02
#: A tenth more epochs.
LONGER = 1.1


def around(rho: float) -> Says:
    """A correlation as the paper states it: half of it to one and a half times.

    On the scale of Fisher's transform, which has room for large ones too.

    Example:
        >>> around(-0.428).words()
        'from -0.6 to -0.22'
    """
    return within(*sorted(math.tanh(share * math.atanh(rho)) for share in (0.5, 1.5)))
