"""Every bad input is refused: by the right exception, with a sentence, and early.

The table is in `bad_inputs`; `python -m tests.bad_inputs` prints what comes of it.
"""

import functools
import inspect

import pytest

import keras_selectivity as ks
from bad_inputs.table import PARTS, answer, rows_of
from bad_inputs.world import World
from keras_selectivity import labels, plots, statistics, tuning

MODULES = {
    **{name: getattr(ks, name) for name in ks.__all__},
    "labels": labels,
    "plots": plots,
    "statistics": statistics,
    "tuning": tuning,
}
# What the documentation names of a module that has more.
DOCUMENTED = {"projection": ["UpperBound", "selectivity_upper_bound"]}
MEASURING = ("ClassRepresentation", "PreferredClassTracker", "SelectivityMonitor")
# Public, and without rows.
EXEMPT = {
    # Results that the package makes, and plain records.
    "maximization.Maximized",
    "perturbation.ImportanceCorrelation",
    "perturbation.ImportanceCorrelations",
    "projection.UpperBound",
    # For subclasses to override.
    "callbacks.AlphaFactor.factor",
    "metrics.UnitMetric.compute",
    "regularizers.UnitRegularizer.call",
    # For the package's own modules.
    "labels.Labels",
    "labels.complaint",
    "labels.raise_for",
    "callbacks.PreferredClasses",
    "callbacks.PreferredClasses.before",
    "callbacks.PreferredClasses.followed_by",
    "callbacks.PreferredClasses.load",
    "callbacks.PreferredClasses.save",
    *(f"callbacks.{name}.measure" for name in MEASURING),
    "distribution.MultiWorkerModel",
    "regularizers.Discriminability.call",
    "regularizers.SelectivityIndex.call",
    "regularizers.UnitRegularizer.from_config",
    "statistics.Replicas",
    "statistics.Replicas.min",
    "statistics.Replicas.of",
    "statistics.Replicas.sum",
    "statistics.class_statistics",
    "statistics.unit_mean",
    "statistics.unit_minimum",
    "taps.Kind",
    "taps.Response",
    "taps.Selection",
    "taps.TapPoint",
    "taps.First",
    "taps.Last",
    "taps.Tap.silence_with",
    # Takes what the model takes.
    "SelectivityModel.observe",
    "taps.TappedModel.silence_with",
}
# The largest share of refusals by other code than this package's.
ELSEWHERE = 0.03

ROWS = rows_of(*PARTS)
NAMES = sorted({row.name for row in ROWS})


@pytest.fixture(scope="module")
def answers():
    """The answers to the rows of a public name, each asked for once."""
    world = World()

    @functools.cache
    def of(name):
        return [answer(row, world) for row in ROWS if row.name == name]

    return of


@pytest.mark.parametrize("name", NAMES)
def test_bad_inputs_are_refused(name, answers):
    faults = [f"{each.row}: {each.fault}" for each in answers(name) if each.fault]
    assert not faults, "\n".join(faults)


def test_refusals_are_this_packages_own(answers):
    elsewhere = [each.row for n in NAMES for each in answers(n) if not each.own]
    assert len(elsewhere) <= ELSEWHERE * len(ROWS), elsewhere


def test_every_public_name_has_rows():
    missing = {name for name in public_names() if name not in NAMES}
    assert missing == EXEMPT


def public_names():
    """Functions, classes and methods that take arguments, as the rows name them."""
    members = dict(public_members())
    classes = [value for value in members.values() if inspect.isclass(value)]
    for name, value in members.items():
        if not inspect.isclass(value):
            yield name
        elif not issubclass(value, tuple):  # A record holds what it is given.
            for method in methods(value, classes):
                yield name if method == "__init__" else f"{name}.{method}"


def public_members():
    """What every module has to offer: by `__all__`, the documentation or its name."""
    for module_name, module in MODULES.items():
        if not inspect.ismodule(module):
            yield module_name, module
            continue
        wanted = DOCUMENTED.get(module_name) or getattr(module, "__all__", None)
        for name, value in vars(module).items():
            own = getattr(value, "__module__", None) == module.__name__
            shown = own and callable(value) and not name.startswith(("_", "check"))
            if name in wanted if wanted else shown:
                yield f"{module_name}.{name}", value


def methods(cls, classes):
    """Methods that take arguments, of a class or its bases that are not public.

    Those that take the place of another package's are documented and checked there.
    """
    own = [c for c in cls.__mro__ if c.__module__.startswith("keras_selectivity")]
    others = [c for c in cls.__mro__ if c not in own and c is not object]
    for base in own:
        if base is cls or base not in classes:
            for name, value in vars(base).items():
                hook = any(hasattr(other, name) for other in others)
                if takes_arguments(value) and (
                    name == "__init__" or not (hook or name.startswith("_"))
                ):
                    yield name


def takes_arguments(value):
    """Whether a member of a class is a method with more than `self`."""
    function = getattr(value, "__func__", value)
    return (
        inspect.isfunction(function) and len(inspect.signature(function).parameters) > 1
    )
