"""How the responses of a unit are distributed: exponential against normal."""

from typing import Any, NamedTuple

import numpy as np

#: With fewer responses than this, no distribution is fitted.
FEWEST = 20
#: Families, one that falls from 0 on and two of normal form, by their names in SciPy.
FAMILIES = {"exponential": "expon", "normal": "norm", "half normal": "halfnorm"}


class Fit(NamedTuple):
    """A distribution fitted to responses by maximum likelihood.

    Attributes:
        family: One of `FAMILIES`.
        location: Mean of the normal distribution; 0 for the others, which begin there.
        scale: Mean of the exponential distribution; standard deviation of the normal
            one, and of that of which the half normal one is a half.
        aic: Akaike's information criterion: the lower of two fits the better one.
        distance: Kolmogorov-Smirnov distance from the responses, in [0, 1].
    """

    family: str
    location: float
    scale: float
    aic: float
    distance: float

    def density(self, x: Any) -> Any:
        """Of the fitted distribution."""
        return _distribution(self.family)(self.location, self.scale).pdf(x)


def nonzero(responses: Any) -> np.ndarray:
    """The responses that are not 0, of which the fits are.

    Example:
        >>> nonzero([0.0, 2.0, 0.0, 1.0]).tolist()
        [2.0, 1.0]
    """
    values = np.asarray(responses, float)
    return values[values != 0]


def fit(responses: Any) -> dict[str, Fit]:
    """Fit every family to responses.

    Example:
        >>> drawn = np.random.default_rng(0).exponential(2.0, 1000)
        >>> best(fit(drawn)).family
        'exponential'

    Reference:
        G19 appendix A3.1, figure A3, which shows "exponential-derived" and
        "normal-derived" fits and does not say which.
    """
    values = nonzero(responses)
    if not np.isfinite(values).all() or (values < 0).any():
        raise ValueError(
            "`responses` must be finite and 0 or above. Received: "
            f"{values[~(values >= 0)][:1]}."
        )
    if len(values) < FEWEST or not np.ptp(values):
        return {}
    parameters = {
        "exponential": (0.0, values.mean()),
        "normal": (values.mean(), values.std()),
        "half normal": (0.0, np.sqrt(np.mean(values**2))),
    }
    return {
        family: _scored(family, float(location), float(scale), values)
        for family, (location, scale) in parameters.items()
    }


def best(fits: dict[str, Fit]) -> Fit:
    """The fit with the lowest AIC."""
    return min(fits.values(), key=lambda found: found.aic)


def bin_width(responses: Any) -> float:
    """Width of the bins of a histogram: 1.0, or less where all fall into few bins.

    Example:
        >>> bin_width([0, 90.0]), bin_width([0, 9.0]), bin_width([0, 0.9])
        (1.0, 0.2, 0.02)
    """
    span = float(np.ptp(np.asarray(responses, float)))
    width, factors = 1.0, (0.5, 0.4, 0.5)
    step = 0
    while span > 0 and span / width < 20 and step < 60:
        width *= factors[step % 3]
        step += 1
    return float(f"{width:.3g}")


def edges(responses: Any) -> np.ndarray:
    """Bins of a histogram that begin at a multiple of `bin_width`."""
    values = np.asarray(responses, float)
    width = bin_width(values)
    first = np.floor(values.min() / width)
    last = max(np.floor(values.max() / width) + 1, first + 1)
    return np.arange(first, last + 1) * width


def _scored(family: str, location: float, scale: float, values: np.ndarray) -> Fit:
    from scipy import stats

    fitted = _distribution(family)(location, scale)
    free = 2 if family == "normal" else 1
    return Fit(
        family,
        location,
        scale,
        float(2 * free - 2 * fitted.logpdf(values).sum()),
        float(stats.kstest(values, fitted.cdf).statistic),
    )


def _distribution(family: str) -> Any:
    from scipy import stats

    return getattr(stats, FAMILIES[family])
