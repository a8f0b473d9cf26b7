"""Alpha that is on in some epochs and off in the others."""

from keras_selectivity.callbacks._epochs import checked_window
from keras_selectivity.callbacks.alpha_factor import AlphaFactor
from keras_selectivity.checks import checked_number


class AlphaWindow(AlphaFactor):
    """Regularizes only in epochs `start <= epoch < stop`.

    Args:
        start: First epoch with the regularizer, counted from 0.
        stop: First epoch without it again; None: to the end.

    Raises:
        TypeError: If one is no number.
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
        self.start, self.stop = checked_window(start, stop)

    def factor(self, epoch: float) -> float:
        epoch = checked_number("epoch", epoch, least=0)
        return float(self.start <= epoch < self.stop)
