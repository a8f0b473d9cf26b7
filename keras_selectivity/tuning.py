"""Tune alpha, and what goes with it, with KerasTuner.

Not imported by `keras_selectivity`: it needs the extra `keras-selectivity[tuner]`.

    from keras_selectivity import tuning
"""

import copy
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

from keras_selectivity import regularizers
from keras_selectivity import taps as taps_module
from keras_selectivity.callbacks import SelectivityMonitor
from keras_selectivity.model import SelectivityModel

try:
    import keras_tuner
    import tensorboard  # noqa: F401  A trial with Keras's callback fails without it.
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "`keras_selectivity.tuning` needs KerasTuner and TensorBoard: "
        "pip install keras-selectivity[tuner]"
    ) from error

_DIRECTIONS = {
    "val_accuracy": "max",
    "val_loss": "min",
    "ablation_auc": "max",
    "selectivity_error": "min",
}


@dataclasses.dataclass(frozen=True)
class SignedRange:
    """Values of alpha on a logarithmic scale, on both sides of zero.

    KerasTuner samples no number of either sign on a logarithmic scale: this is a
    choice of the sign, `alpha_sign`, and for signs other than zero a number
    `alpha_magnitude`.

    Args:
        low: The smallest magnitude other than zero, above 0.
        high: The greatest magnitude, above `low`.
        signs: Some of -1, 0 and 1.

    Raises:
        ValueError: If the magnitudes do not rise from above 0, or a sign is none.

    Example:
        >>> import keras_tuner
        >>> hp = keras_tuner.HyperParameters()
        >>> SignedRange(0.1, 10, signs=(-1, 0)).sample(hp)
        -0.1
        >>> [space.name for space in hp.space]
        ['alpha_sign', 'alpha_magnitude']

    Reference:
        LM21 appendix A.1: alphas of magnitudes 0.1 to 100.
    """

    low: float = 0.1
    high: float = 10.0
    signs: Sequence[int] = (-1, 0, 1)

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high:
            raise ValueError(
                "`low` and `high` must be magnitudes, 0 < low < high. Received: "
                f"low={self.low!r}, high={self.high!r}. Zero and the sign are chosen "
                "with `signs`."
            )
        if not self.signs or not set(self.signs) <= {-1, 0, 1}:
            raise ValueError(
                f"`signs` must be some of -1, 0 and 1. Received: signs={self.signs!r}."
            )

    def sample(self, hp: Any) -> float:
        """An alpha.

        Args:
            hp: A `keras_tuner.HyperParameters`.

        Returns:
            The number.
        """
        signs = list(dict.fromkeys(self.signs))
        sign = hp.Choice("alpha_sign", signs, ordered=False)
        with hp.conditional_scope("alpha_sign", [s for s in signs if s] or signs):
            magnitude = hp.Float("alpha_magnitude", self.low, self.high, sampling="log")
        return sign * magnitude if sign else 0.0


class SelectivityHyperModel(keras_tuner.HyperModel):
    """Wraps what builds the user's model, and tunes the regulariser with it.

    Works with every tuner, and in KerasTuner's distributed mode. Each of the
    following is a hyperparameter if there is more than one of it: `alpha`,
    `regularizer`, `taps`, `schedule`.

    Args:
        build: `build(hp)` that returns the base model, compiled; it may have
            hyperparameters of its own.
        alpha: Numbers to choose from, a `SignedRange`, or one number.
        regularizer: What `SelectivityModel` takes, or a list of names.
        taps: What `SelectivityModel` takes, or a mapping of names to it.
        schedules: Mapping of names to lists of callbacks, `AlphaWarmup` for
            instance; a trial gets copies of its own.
        compile: `compile(hp, model)` that compiles the wrapped model. None: it is
            compiled as the base model is.
        **arguments: Further arguments of `SelectivityModel`.

    Raises:
        TypeError: If an argument is of a wrong type.
        ValueError: If a choice is empty.

    Example:
        >>> import keras, keras_tuner
        >>> def build(hp):
        ...     model = keras.Sequential([
        ...         keras.Input((4,)),
        ...         keras.layers.Dense(hp.Int("units", 4, 8), activation="relu"),
        ...         keras.layers.Dense(2, activation="softmax")])
        ...     model.compile("adam", "sparse_categorical_crossentropy")
        ...     return model
        >>> hypermodel = SelectivityHyperModel(build, alpha=[-1.0, 0.0, 1.0])
        >>> hp = keras_tuner.HyperParameters()
        >>> hypermodel.build(hp).alpha
        -1.0
        >>> sorted(hp.values)
        ['alpha', 'units']

    Reference:
        LM21 appendix A.1 for a grid of alpha.
    """

    def __init__(
        self,
        build: Callable[[Any], keras.Model],
        alpha: float | Sequence[float] | SignedRange = (-1.0, 0.0, 1.0),
        regularizer: str | regularizers.UnitRegularizer | Sequence[str] = "si",
        taps: taps_module.Selection | Mapping[str, taps_module.Selection] = "relu",
        schedules: Mapping[str, Sequence[keras.callbacks.Callback]] | None = None,
        compile: Callable[[Any, SelectivityModel], None] | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__()
        if not callable(build):
            raise TypeError(
                "`build` must be a function of hyperparameters that returns a "
                f"compiled model. Received: {build!r}."
            )
        self._build_base = build
        self._alpha = alpha
        self._regularizer = regularizer
        self._taps = taps
        self._schedules = dict(schedules or {})
        self._compile = compile
        self._arguments = arguments
        for name, choice in (
            ("alpha", alpha),
            ("regularizer", regularizer),
            ("taps", taps),
        ):
            if hasattr(choice, "__len__") and not len(choice):
                raise ValueError(f"`{name}` must not be empty. Received: {choice!r}.")

    def build(self, hp: Any) -> SelectivityModel:
        """Build and compile the wrapped model of a trial.

        Args:
            hp: A `keras_tuner.HyperParameters`.

        Returns:
            A `SelectivityModel`.

        Raises:
            ValueError: If `build` returned a model that is not compiled, and there
                is no `compile`.
        """
        base = self._build_base(hp)
        model = SelectivityModel(
            base,
            self._sampled_alpha(hp),
            _one_of(hp, "regularizer", self._regularizer),
            self._sampled_taps(hp),
            **self._arguments,
        )
        if self._schedules:
            # Named here, so that a search space is whole before the first `fit`.
            hp.Choice("schedule", list(self._schedules))
        if self._compile is not None:
            self._compile(hp, model)
        elif base.compiled:
            model.compile_from_config(base.get_compile_config())
        else:
            raise ValueError(
                "`build` must return a compiled model, whose optimizer, loss and "
                "metrics the wrapped one gets; or pass `compile`, a function of "
                "(hp, model) that compiles the wrapped one."
            )
        return model

    def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        """Train a trial's model.

        Args:
            hp: A `keras_tuner.HyperParameters`.
            model: What `build` returned.
            *args: Of `model.fit`.
            **kwargs: Of `model.fit`.

        Returns:
            What `model.fit` returns.
        """
        callbacks = list(kwargs.pop("callbacks", None) or [])
        _log_beside_tensorboard(callbacks)
        if self._schedules:
            chosen = self._schedules[hp.get("schedule")]
            callbacks = [*copy.deepcopy(list(chosen)), *callbacks]
        return model.fit(*args, callbacks=callbacks, **kwargs)

    def _sampled_alpha(self, hp: Any) -> float:
        if isinstance(self._alpha, SignedRange):
            return self._alpha.sample(hp)
        if isinstance(self._alpha, (int, float)):
            return float(self._alpha)
        return hp.Choice("alpha", [float(alpha) for alpha in self._alpha])

    def _sampled_taps(self, hp: Any) -> taps_module.Selection:
        if not isinstance(self._taps, Mapping):
            return self._taps
        return self._taps[hp.Choice("taps", list(self._taps))]


class SelectivityTarget(keras.callbacks.Callback):
    """Logs how far the network's selectivity is from a target.

    Puts `selectivity_error`, the distance of another entry of the logs from the
    target, into `logs`, for `objective("selectivity_error")`. List it after the
    callback that makes the entry.

    Args:
        target: The selectivity wanted.
        key: The entry, `SelectivityMonitor`'s by default.

    Example:
        >>> logs = {"val_selectivity": 0.25}
        >>> SelectivityTarget(0.5).on_epoch_end(0, logs)
        >>> logs["selectivity_error"]
        0.25
    """

    def __init__(self, target: float, key: str = "val_selectivity") -> None:
        super().__init__()
        self.target = float(target)
        self.key = key

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if logs is None or self.key not in logs:
            raise ValueError(
                f"SelectivityTarget needs {self.key!r} in the logs. They hold "
                f"{sorted(logs or {})}. List a SelectivityMonitor before it."
            )
        logs["selectivity_error"] = abs(logs[self.key] - self.target)


def objective(name: str, direction: str | None = None) -> Any:
    """What a search optimises, with the direction that the name has.

    Args:
        name: An entry of the logs: `"val_accuracy"`, `"val_loss"`,
            `"ablation_auc"` (of `AblationAUC`), `"selectivity_error"` (of
            `SelectivityTarget`), or another with a direction.
        direction: `"min"` or `"max"`. None: the name's.

    Returns:
        A `keras_tuner.Objective`.

    Raises:
        ValueError: If there is no direction for the name.

    Example:
        >>> objective("ablation_auc").direction
        'max'
    """
    direction = direction or _DIRECTIONS.get(name)
    if direction not in ("min", "max"):
        raise ValueError(
            f'`direction` must be "min" or "max" for {name!r}: whether more of it is '
            f"better is yours to say. Received: direction={direction!r}."
        )
    return keras_tuner.Objective(name, direction)


def _one_of(hp: Any, name: str, given: Any) -> Any:
    """A hyperparameter if there are several to choose from."""
    if not isinstance(given, (list, tuple)):
        return given
    return hp.Choice(name, list(given)) if len(given) > 1 else given[0]


def _log_beside_tensorboard(callbacks: Sequence[Any]) -> None:
    """Let monitors write into the folder that a trial's TensorBoard writes to.

    KerasTuner gives each trial a folder of its own, and the hyperparameters with
    it, but only for Keras's callback.
    """
    boards = [c for c in callbacks if type(c).__name__ == "TensorBoard"]
    for callback in callbacks:
        if boards and isinstance(callback, SelectivityMonitor) and callback.log_dir:
            callback.log_dir = boards[0].log_dir
            callback.write_hyperparameters = False
