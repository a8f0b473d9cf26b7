"""Alpha that is on in some epochs and off in the others."""

import math

from keras_selectivity.callbacks.alpha_factor import AlphaFactor, checked_epoch


class AlphaWindow(AlphaFactor):
    """Regularises only in epochs `start <= epoch < stop`.

    Args:
        start: First epoch with the regulariser, counted from 0.
        stop: First epoch without it again; None: to the end.

    Raises:
        ValueError: If `start` is negative or `stop` not after it.

    Example:
        >>> window = AlphaWindow(start=0, stop=4)
        >>> [window.factor(epoch) for epoch in (0, 3, 4)]
        [1.0, 1.0, 0.0]

    Reference:
        R22 figures 6, 7 and 13 to 15: from epoch 0 to 5 on, or the first four alone.
    """

    def __init__(self, start: int, stop: int | None = None) -> None:
        super().__init__()
        self.start = checked_epoch("start", start)
        self.stop = math.inf if stop is None else checked_epoch("stop", stop)
        if self.stop <= self.start:
            raise ValueError(
                "`stop` must come after `start`. "
                f"Received: start={start!r}, stop={stop!r}."
            )

    def factor(self, epoch: float) -> float:
        return float(self.start <= epoch < self.stop)
