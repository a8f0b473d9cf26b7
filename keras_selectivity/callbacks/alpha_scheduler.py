"""Alpha that follows a schedule of the user's."""

from collections.abc import Callable, Sequence
from typing import Any

from keras_selectivity.callbacks.alpha_factor import AlphaFactor


class AlphaScheduler(AlphaFactor):
    """Multiplies alpha by a factor for every epoch.

    Args:
        schedule: A function of the epoch (int, from 0) that returns the factor,
            or a sequence of factors, one an epoch.

    Raises:
        TypeError: If `schedule` is neither.
        ValueError: Before training, if a sequence is shorter than the training.

    Example:
        >>> scheduler = AlphaScheduler(lambda epoch: 0.5 ** (epoch // 10))
        >>> [scheduler.factor(epoch) for epoch in (0, 10, 25)]
        [1.0, 0.5, 0.25]
        >>> AlphaScheduler([0, 0, 1]).factor(2)
        1.0
    """

    def __init__(self, schedule: Callable[[int], float] | Sequence[float]) -> None:
        super().__init__()
        is_sequence = isinstance(schedule, Sequence) and not isinstance(schedule, str)
        if not callable(schedule) and not is_sequence:
            raise TypeError(
                "`schedule` must be a function of the epoch or a sequence of "
                f"factors. Received: schedule={schedule!r}."
            )
        self.schedule = schedule

    def factor(self, epoch: float) -> float:
        if callable(self.schedule):
            return float(self.schedule(int(epoch)))
        return float(self.schedule[int(epoch)])

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        super().on_train_begin(logs)
        epochs = (self.params or {}).get("epochs") or 0
        if not callable(self.schedule) and len(self.schedule) < epochs:
            raise ValueError(
                "`schedule` must have a factor for every epoch. Received: "
                f"{len(self.schedule)} factors for {epochs} epochs."
            )
