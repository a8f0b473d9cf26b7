"""All that decides what one training makes."""

import dataclasses
import difflib
import functools
import hashlib
import inspect
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from keras_selectivity.checks import (
    checked_choice,
    checked_count,
    checked_flag,
    checked_integer,
    checked_number,
    checked_share,
    checked_text,
    received,
)
from recipes import data, models

REGULARIZERS = ("si", "dprime", "si_sum", "si_r22")
POLICIES = ("float32", "float64", "mixed_float16", "mixed_bfloat16")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """One training: the data, the network, how it is trained and regularized.

    Every field but the last three decides the result. Two trainings with the same
    settings are the same run, whatever figures they are for.

    Attributes:
        data: Name of the data set, one of `recipes.data.NAMES`.
        model: Name of the network, one of `recipes.models.NAMES`.
        model_options: Arguments of its function, beside the shape and the classes.
        epochs: Length of the training.
        batch_size: Samples a step, over all replicas.
        learning_rate: Of stochastic gradient descent, before it is annealed.
        anneal_epochs: Epochs, from 0, at whose start it falls to a tenth.
        momentum: As PyTorch has it.
        weight_decay: As PyTorch has it, for every weight: see `optimizers.TorchSGD`.
        augmentation: Of the training images: "none", "flip_crop" or "inception".
        corruption: Share of the training labels that are shuffled, in [0, 1].
        alpha: Scale of the regularizer.
        regularizer: "si", "dprime", "si_r22", SI with R22's epsilon, or "si_sum",
            R22's public code's.
        taps: Regularized outputs: "relu", all of them, "first:3", "last:3", or a
            regular expression that names layers.
        groups: A regular expression whose first group names the module of a layer,
            for the mean over modules; "" for the mean over layers.
        warmup_epochs: Epochs over which alpha rises from 0.
        window: The first epoch, from 0, with the regularizer, and perhaps the first
            without it again; () for all epochs.
        select: Which weights are those of the run: "best", of the epoch with the
            highest validation accuracy, or "last".
        kept_epochs: Numbers of epochs after which weights are kept beside those; 0
            for the initial ones.
        seed: Of the weights, the order and the augmentation.
        data_seed: Of the held-out images and of which labels are shuffled; None:
            that of the weights, so that each seed has a training set of its own.
        policy: Keras's dtype policy.
        deterministic: Whether TensorFlow may use deterministic operations alone,
            which is slower on a GPU. A training that was interrupted then ends bit
            for bit as one that was not.
        measure_every_epoch: Whether the test set is measured after every epoch,
            for what happens during training.
        first_epoch_points: How often the test set is measured within the first
            epoch as well, and 1 more: before it.

    Raises:
        TypeError: If a value is of another type.
        ValueError: If it is out of range.

    Example:
        >>> settings = Settings(
        ...     data="digits", model="resnet20", epochs=3, batch_size=128,
        ...     learning_rate=0.1)
        >>> settings.replace(alpha=-1).name
        'resnet20_digits_alpha-1_seed0_...'

    Reference:
        LM21 appendix A.1; `recipes/lm21/experiments.py` holds its values.
    """

    data: str
    model: str
    model_options: dict[str, Any] = dataclasses.field(default_factory=dict)
    epochs: int
    batch_size: int
    learning_rate: float
    anneal_epochs: tuple[int, ...] = ()
    momentum: float = 0.9
    weight_decay: float = 1e-4
    augmentation: str = "none"
    corruption: float = 0.0
    alpha: float = 0.0
    regularizer: str = "si"
    taps: str = "relu"
    groups: str = ""
    warmup_epochs: int = 0
    window: tuple[int, ...] = ()
    select: str = "best"
    kept_epochs: tuple[int, ...] = ()
    seed: int = 0
    data_seed: int | None = None
    policy: str = "float32"
    deterministic: bool = False
    measure_every_epoch: bool = True
    first_epoch_points: int = 0

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = _CHECKS[field.name](field.name, getattr(self, field.name))
            # Frozen: only here, before anybody has seen the object.
            object.__setattr__(self, field.name, value)
        self._check_rules()

    def _check_rules(self) -> None:
        """What takes more than one field, or words of its own."""
        options = _options(self.model)
        augmentations = data.augmentations(self.data)
        rules = {
            "model_options": (
                set(self.model_options) <= set(options),
                f"options of {self.model}: {', '.join(options)}",
            ),
            "anneal_epochs": (
                all(epoch >= 1 for epoch in self.anneal_epochs),
                "epochs after the first, which is 0",
            ),
            "momentum": (self.momentum < 1, "in [0, 1)"),
            "augmentation": (
                self.augmentation in augmentations,
                f"one that {self.data} has: {', '.join(augmentations)}",
            ),
            "taps": (
                _is_selection(self.taps),
                "'relu', 'first:<n>', 'last:<n>' or a regular expression",
            ),
            "groups": (
                not self.groups or _groups(self.groups) > 0,
                "a regular expression with a group, or ''",
            ),
            "window": (
                len(self.window) <= 2
                and all(epoch >= 0 for epoch in self.window)
                and self.window == tuple(sorted(set(self.window))),
                "(), (start,) or (start, stop), epochs from 0, stop after start",
            ),
            "kept_epochs": (
                all(0 <= epoch <= self.epochs for epoch in self.kept_epochs),
                "numbers of epochs, from 0 to `epochs`",
            ),
        }
        for name, (holds, rule) in rules.items():
            if not holds:
                value = received(name, getattr(self, name))
                raise ValueError(f"`{name}` must be {rule}. {value}")

    def replace(self, **changes: Any) -> Self:
        """The same but for some fields.

        Example:
            >>> Settings(data="digits", model="mlp", epochs=1, batch_size=8,
            ...          learning_rate=0.1).replace(epoch=2)
            Traceback (most recent call last):
            ...
            ValueError: Settings have no field 'epoch'. Did you mean 'epochs'? ...
        """
        check_names(changes)
        return dataclasses.replace(self, **changes)

    @property
    def effective(self) -> Self:
        """The same without what decides nothing: one baseline serves all.

        With alpha 0 it does not matter what alpha scales, or how it rises.

        Example:
            >>> settings = Settings(data="digits", model="mlp", epochs=1,
            ...                     batch_size=8, learning_rate=0.1, taps="first:3")
            >>> settings.effective.taps, settings.replace(alpha=1).effective.taps
            ('relu', 'first:3')
        """
        if self.alpha:
            return self
        return self.replace(
            regularizer="si", taps="relu", groups="", warmup_epochs=0, window=()
        )

    @property
    def name(self) -> str:
        """Of the run's folder: what a reader looks for, and a digest of all."""
        parts = [self.model, self.data]
        parts += [str(self.regularizer)] * (self.regularizer != "si")
        parts += [re.sub(r"\W", "", self.taps)] * (self.taps != "relu")
        parts += ["warmup"] * (self.warmup_epochs > 0)
        parts += ["epochs" + "to".join(map(str, self.window))] * bool(self.window)
        parts += [f"corrupted{self.corruption:g}"] * (self.corruption > 0)
        parts += [
            f"{key}{value}"
            for key, value in self.model_options.items()
            if isinstance(value, (int, float))
        ]
        parts += [f"alpha{self.alpha:+g}" if self.alpha else "alpha0"]
        return "_".join([*parts, f"seed{self.seed}", self.digest])

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits that other settings do not share."""
        text = json.dumps(self.to_json(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    def to_json(self) -> dict[str, Any]:
        """A dictionary of what JSON can hold.

        Without a `data_seed` that is None: runs from before there was one keep their
        names.
        """
        found = json.loads(json.dumps(dataclasses.asdict(self)))
        if self.data_seed is None:
            del found["data_seed"]
        return found


def check_names(names: Mapping[str, Any] | list[str]) -> None:
    """Raise for a name that is no field."""
    known = [field.name for field in dataclasses.fields(Settings)]
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            hint = f"Did you mean {close[0]!r}? " if close else ""
            raise ValueError(
                f"Settings have no field {name!r}. {hint}There are: {', '.join(known)}."
            )


def several(field: str, values: Sequence[Any]) -> list[Any]:
    """Values of a field as `--seeds` has them: each may be one, and is there once.

    Twice, a run would count twice.

    Example:
        >>> several("alpha", [0, -1])
        [0.0, -1.0]
    """
    argument = f"--{field}s"
    found = [_CHECKS[field](argument, value) for value in values]
    if len(set(found)) < len(found):
        raise ValueError(
            f"`{argument}` must not have a value twice. {received(argument, values)}"
        )
    return found


def parsed(assignments: list[str]) -> dict[str, Any]:
    """Overrides as a user types them.

    Args:
        assignments: Such as `["epochs=3", "anneal_epochs=[1, 2]", "taps=first:3"]`:
            values are JSON where they can be read so, and text otherwise.

    Example:
        >>> parsed(["epochs=3", "taps=first:3"])
        {'epochs': 3, 'taps': 'first:3'}
    """
    found: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise ValueError(
                "Settings are changed by field=value, such as epochs=3. Received: "
                f"{assignment!r}."
            )
        check_names([name])
        if name in found:
            raise ValueError(
                f"`{name}` must not be changed twice. Received: {assignments}."
            )
        try:
            found[name] = json.loads(text)
        except json.JSONDecodeError:
            found[name] = text
    return found


def _number(name: str, value: Any, **bounds: float) -> float:
    # -0 is 0: with another name it would be another run.
    return checked_number(name, value, **bounds) + 0.0


def _integers(name: str, value: Any) -> tuple[int, ...]:
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"`{name}` must be a list of integers. {received(name, value)}")
    return tuple(checked_integer(name, one) for one in value)


def _mapping(name: str, value: Any) -> dict[str, Any]:
    try:
        # Tuples as lists: as they will be read back.
        return json.loads(json.dumps({**value}, allow_nan=False))
    except (TypeError, ValueError):
        raise TypeError(
            f"`{name}` must be a mapping that JSON can hold. {received(name, value)}"
        ) from None


def _seed(name: str, value: Any) -> int:
    # NumPy's generators, which Keras seeds, take 32 bits.
    if checked_integer(name, value, least=0) >= 2**32:
        raise ValueError(f"`{name}` must be below 2**32. {received(name, value)}")
    return int(value)


def _seed_or_none(name: str, value: Any) -> int | None:
    return None if value is None else _seed(name, value)


def _choice(choices: tuple[str, ...]) -> Callable[[str, Any], str]:
    return functools.partial(checked_choice, choices=choices)


_at_least_0 = functools.partial(checked_integer, least=0)
_text = functools.partial(checked_text, empty=True)

#: What every field may be by itself.
_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "data": _choice(data.NAMES),
    "model": _choice(models.NAMES),
    "model_options": _mapping,
    "epochs": checked_count,
    "batch_size": checked_count,
    "learning_rate": functools.partial(_number, above=0),
    "anneal_epochs": _integers,
    "momentum": functools.partial(_number, least=0),
    "weight_decay": functools.partial(_number, least=0),
    "augmentation": _text,
    "corruption": checked_share,
    "alpha": _number,
    "regularizer": _choice(REGULARIZERS),
    "taps": checked_text,
    "groups": _text,
    "warmup_epochs": _at_least_0,
    "window": _integers,
    "select": _choice(("best", "last")),
    "kept_epochs": _integers,
    "seed": _seed,
    "data_seed": _seed_or_none,
    "policy": _choice(POLICIES),
    "deterministic": checked_flag,
    "measure_every_epoch": checked_flag,
    "first_epoch_points": _at_least_0,
}


def _options(model: str) -> list[str]:
    """Arguments of a model's function, beside the shape and the classes."""
    return list(inspect.signature(models.get(model)).parameters)[2:]


def _is_selection(taps: str) -> bool:
    if re.fullmatch(r"\w+:\w*", taps):
        return bool(re.fullmatch(r"(first|last):0*[1-9]\d*", taps))
    return _groups(taps) >= 0


def _groups(expression: str) -> int:
    """Groups of a regular expression; -1 where it is none."""
    try:
        return re.compile(expression).groups
    except re.error:
        return -1
