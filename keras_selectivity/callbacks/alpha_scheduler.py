"""Alpha that follows a schedule of the user's."""

from collections.abc import Callable, Sequence
from typing import Any

from keras_selectivity.callbacks.alpha_factor import AlphaFactor
from keras_selectivity.checks import checked_list, checked_number


class AlphaScheduler(AlphaFactor):
    """Multiplies alpha by a factor for every epoch.

    Args:
        schedule: A function of the epoch (int, from 0) that returns the factor,
            or a sequence of factors, one an epoch.

    Raises:
        TypeError: If `schedule` is neither, or a factor no number.
        ValueError: If it is empty or a factor not finite; before training, if a
            sequence is shorter than the training.

    Example:
        >>> scheduler = AlphaScheduler(lambda epoch: 0.5 ** (epoch // 10))
        >>> [scheduler.factor(epoch) for epoch in (0, 10, 25)]
        [1.0, 0.5, 0.25]
        >>> AlphaScheduler([0, 0, 1]).factor(2)
        1.0
    """

    def __init__(self, schedule: Callable[[int], float] | Sequence[float]) -> None:
        super().__init__()
        self.schedule: Callable[[int], float] | list[float]
        if callable(schedule):
            self.schedule = schedule
        else:
            wanted = "a function of the epoch or a list of factors"
            factors = checked_list("schedule", schedule, wanted)
            self.schedule = [checked_number("schedule", one) for one in factors]

    def factor(self, epoch: float) -> float:
        place = int(checked_number("epoch", epoch, least=0))
        if callable(self.schedule):
            return checked_number(f"schedule({place})", self.schedule(place))
        self._check_length(place + 1)
        return self.schedule[place]

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        super().on_train_begin(logs)
        self._check_length((self.params or {}).get("epochs") or 0)

    def _check_length(self, epochs: int) -> None:
        if not callable(self.schedule) and len(self.schedule) < epochs:
            raise ValueError(
                "`schedule` must have a factor for every epoch. Received: "
                f"{len(self.schedule)} factors for {epochs} epochs."
            )
