"""Tune alpha, and what goes with it, with KerasTuner.

Not imported by `keras_selectivity`: it needs the extra `keras-selectivity[tuner]`.

    from keras_selectivity import tuning
"""

import copy
import dataclasses
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

from keras_selectivity import regularizers
from keras_selectivity import taps as taps_module
from keras_selectivity.callbacks import SelectivityMonitor
from keras_selectivity.checks import (
    checked_choice,
    checked_function,
    checked_kind,
    checked_list,
    checked_names,
    checked_number,
    checked_text,
    received,
)
from keras_selectivity.model import SelectivityModel
from keras_selectivity.network.selection import checked_selection

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
        TypeError: If an argument is of a wrong type.
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
        low = checked_number("low", self.low, above=0)
        checked_number("high", self.high, above=low)
        for sign in checked_list("signs", self.signs, "a list of -1, 0 and 1"):
            checked_choice("signs", sign, (-1, 0, 1))

    def sample(self, hp: Any) -> float:
        """An alpha.

        Args:
            hp: A `keras_tuner.HyperParameters`.

        Returns:
            The number.

        Raises:
            TypeError: If `hp` are no hyperparameters.
        """
        _check_hyperparameters(hp)
        signs = list(dict.fromkeys(self.signs))
        sign = hp.Choice("alpha_sign", signs, ordered=False)
        with hp.conditional_scope("alpha_sign", [s for s in signs if s] or signs):
            magnitude = hp.Float("alpha_magnitude", self.low, self.high, sampling="log")
        return sign * magnitude if sign else 0.0


class SelectivityHyperModel(keras_tuner.HyperModel):
    """Wraps what builds the user's model, and tunes the regularizer with it.

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
        ValueError: If a choice is empty, an alpha not finite, or a name unknown.

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
        self._build_base = checked_function("build", build)
        self._alpha = _checked_alpha(alpha)
        self._regularizer = _checked_regularizer(regularizer)
        self._taps = _checked_taps(taps)
        self._schedules = _checked_schedules(schedules)
        self._compile = (
            None if compile is None else checked_function("compile", compile)
        )
        self._arguments = _checked_arguments(arguments)

    def build(self, hp: Any) -> SelectivityModel:
        """Build and compile the wrapped model of a trial.

        Args:
            hp: A `keras_tuner.HyperParameters`.

        Returns:
            A `SelectivityModel`.

        Raises:
            TypeError: If `hp` are no hyperparameters, or `build` returned no model.
            ValueError: If `build` returned a model that is not compiled, and there
                is no `compile`.
        """
        _check_hyperparameters(hp)
        base = self._build_base(hp)
        checked_kind(
            "build", base, keras.Model, "a function that returns a Keras model"
        )
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
        if isinstance(self._alpha, float):
            return self._alpha
        return hp.Choice("alpha", self._alpha)

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

    Raises:
        TypeError: If an argument is of a wrong type.
        ValueError: If `target` is not finite, or `key` empty.

    Example:
        >>> logs = {"val_si": 0.25}
        >>> SelectivityTarget(0.5).on_epoch_end(0, logs)
        >>> logs["selectivity_error"]
        0.25
    """

    def __init__(self, target: float, key: str = "val_si") -> None:
        super().__init__()
        self.target = checked_number("target", target)
        self.key = checked_text("key", key)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if logs is None or self.key not in logs:
            raise ValueError(
                f"SelectivityTarget needs {self.key!r} in the logs. They hold "
                f"{sorted(logs or {})}. List a SelectivityMonitor before it."
            )
        logs["selectivity_error"] = abs(logs[self.key] - self.target)


def objective(name: str, direction: str | None = None) -> Any:
    """What a search optimizes, with the direction that the name has.

    Args:
        name: An entry of the logs: `"val_accuracy"`, `"val_loss"`,
            `"ablation_auc"` (of `AblationAUC`), `"selectivity_error"` (of
            `SelectivityTarget`), or another with a direction.
        direction: `"min"` or `"max"`. None: the name's.

    Returns:
        A `keras_tuner.Objective`.

    Raises:
        TypeError: If `name` is no string.
        ValueError: If there is no direction for the name, or it is another word.

    Example:
        >>> objective("ablation_auc").direction
        'max'
    """
    known = _DIRECTIONS.get(checked_text("name", name))
    if direction is None and known is None:
        raise ValueError(
            f'`direction` must be "min" or "max" for {name!r}: whether more of it is '
            "better is yours to say. Received: direction=None."
        )
    direction = checked_choice("direction", direction, ("min", "max", None))
    return keras_tuner.Objective(name, direction or known)


def _check_hyperparameters(hp: Any) -> None:
    kind = keras_tuner.HyperParameters
    checked_kind("hp", hp, kind, "`keras_tuner.HyperParameters`")


def _checked_alpha(alpha: Any) -> float | list[float] | SignedRange:
    if isinstance(alpha, SignedRange):
        return alpha
    if isinstance(alpha, (str, bytes, Mapping)) or not hasattr(alpha, "__len__"):
        return checked_number("alpha", alpha)
    return [checked_number("alpha", one) for one in checked_list("alpha", alpha)]


def _checked_regularizer(regularizer: Any) -> Any:
    """What was passed; a list holds names, which alone can be hyperparameters."""
    if not isinstance(regularizer, (list, tuple)):
        regularizers.get(regularizer)
        return regularizer
    for name in checked_names("regularizer", regularizer):
        regularizers.get(name)
    return regularizer


def _checked_taps(taps: Any) -> Any:
    """What was passed; whether it selects anything is for a model to tell."""
    if not isinstance(taps, Mapping):
        return checked_selection(taps)
    checked_names("taps", list(taps))
    for selection in taps.values():
        checked_selection(selection)
    return taps


def _checked_schedules(schedules: Any) -> dict[str, list[keras.callbacks.Callback]]:
    wanted = "a mapping of names to lists of callbacks"
    checked_kind("schedules", schedules or {}, Mapping, wanted)
    found = {}
    for name, chosen in (schedules or {}).items():
        found[checked_text("schedules", name)] = [
            checked_kind("schedules", callback, keras.callbacks.Callback, wanted)
            for callback in checked_list("schedules", chosen, wanted, least=0)
        ]
    return found


def _checked_arguments(arguments: dict[str, Any]) -> dict[str, Any]:
    """Further arguments of `SelectivityModel`, if it has such."""
    own = inspect.signature(SelectivityModel.__init__).parameters
    for name in arguments:
        if name not in own and name not in ("name", "trainable", "dtype"):
            raise TypeError(
                f"`{name}` must be an argument of `SelectivityModel`. "
                f"{received(name, arguments[name])}"
            )
    return arguments


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
