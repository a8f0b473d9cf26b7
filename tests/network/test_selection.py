"""Selections of taps and their groups: what is chosen, what is refused and how."""

import re

import keras
import numpy as np
import pytest
from keras import layers

from keras_selectivity import taps


def chosen(model, selection, **options):
    """Names of what a selection takes, without a word about the rest."""
    return [point.name for point in taps.select(taps.find(model), selection, **options)]


def message_of(error, call, *args, **kwargs):
    with pytest.raises(error) as e:
        call(*args, **kwargs)
    return str(e.value)


def dense_model(*hidden):
    return keras.Sequential([keras.Input((4,)), *hidden, layers.Dense(3)])


@pytest.fixture(scope="module")
def five():
    """relu a, gelu b, linear c, relu d, relu e; output f is a rectifier too."""
    kinds = {"a1": "relu", "b1": "gelu", "c2": None, "d2": "relu", "e3": "relu"}
    hidden = [layers.Dense(4, activation=k, name=n) for n, k in kinds.items()]
    return keras.Sequential(
        [keras.Input((4,)), *hidden, layers.Dense(3, activation="relu", name="f3")]
    )


@pytest.mark.parametrize(
    ("selection", "names"),
    [
        ("relu", ["a1", "d2", "e3"]),
        ("nonlinear", ["a1", "b1", "d2", "e3"]),
        ("[bcd]", ["b1", "d2"]),
        (r"2$", ["d2"]),
        (["e3", "c2"], ["c2", "e3"]),
        (("a1",), ["a1"]),
        (lambda layer: layer.name in ("c2", "d2", "f3"), ["c2", "d2"]),
        (taps.first(2), ["a1", "d2"]),
        (taps.last(2), ["d2", "e3"]),
        (taps.first(9), ["a1", "d2", "e3"]),
        (taps.first(2, of="nonlinear"), ["a1", "b1"]),
        (taps.last(1, of=["a1", "c2"]), ["c2"]),
        (taps.first(np.int64(1)), ["a1"]),
        (taps.kind("relu"), ["a1", "d2", "e3"]),
        (taps.kind("GELU"), ["b1"]),
        (taps.kind("gelu", "relu", "relu"), ["a1", "b1", "d2", "e3"]),
        (taps.kind("gelu", "silu"), ["b1"]),
        (taps.first(2, of=taps.kind("gelu", "relu")), ["a1", "b1"]),
        (taps.last(1, of=taps.kind("relu")), ["e3"]),
        (lambda layer: np.bool_(layer.name == "c2"), ["c2"]),
    ],
)
def test_selection(five, selection, names):
    assert chosen(five, selection) == names


def test_output_may_be_named_where_allowed(five):
    assert chosen(five, ["f3"], allow_output=True) == ["f3"]


def test_depth_order_is_the_graphs(make_cnn):
    assert chosen(make_cnn(), taps.first(2)) == ["relu_1", "conv_2"]


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (None, {"a1": ["a1"], "d2": ["d2"], "e3": ["e3"]}),
        (r"[a-z](\d)", {"1": ["a1"], "2": ["d2"], "3": ["e3"]}),
        (r"([ad])\d", {"a": ["a1"], "d": ["d2"]}),
        ({"low": ["a1"], "high": ["d2", "e3"]}, {"low": ["a1"], "high": ["d2", "e3"]}),
    ],
)
def test_groups(groups, expected):
    assert taps.group(["a1", "d2", "e3"], groups) == expected


def test_groups_of_a_resnet50_are_r22s_modules():
    base = keras.applications.ResNet50(
        weights=None, classes=10, input_shape=(32, 32, 3)
    )
    names = chosen(base, r"conv\d_block\d_out")
    groups = taps.group(names, r"(conv\d)_block")
    # B_m = 3, 4, 6, 3 (experiments.md, 1.4).
    assert {k: len(v) for k, v in groups.items()} == {
        "conv2": 3,
        "conv3": 4,
        "conv4": 6,
        "conv5": 3,
    }


def test_no_rectifier_says_which_nonlinearities_there_are():
    base = dense_model(
        layers.Dense(3, "gelu"), layers.Dense(3, "gelu"), layers.Dense(3, "tanh")
    )
    message = message_of(ValueError, chosen, base, "relu")
    assert "no hidden rectifier" in message
    assert "gelu (2), tanh (1)" in message
    assert 'taps="nonlinear"' in message
    assert 'taps=ks.taps.kind("gelu", "tanh")' in message


def test_no_nonlinearity_at_all():
    base = dense_model(layers.Dense(3, name="flat"))
    message = message_of(ValueError, chosen, base, "relu")
    assert "nonlinearities: none" in message
    assert "taps=[...]" in message
    assert "flat" in message


def test_only_the_output_is_a_rectifier():
    base = keras.Sequential([keras.Input((4,)), layers.Dense(3, "relu")])
    assert "no hidden rectifier" in message_of(ValueError, chosen, base, "relu")


def test_layer_that_does_not_exist(five):
    message = message_of(ValueError, chosen, five, ["a1", "d22"])
    assert "no layer 'd22' to tap" in message
    assert "Nearest names: ['d2'" in message


def test_layer_name_near_nothing_lists_what_there_is(five):
    message = message_of(ValueError, chosen, five, ["zzzzzz"])
    assert "no layer 'zzzzzz' to tap" in message
    assert "a1, b1, c2" in message


def test_pattern_that_matches_nothing(five):
    message = message_of(ValueError, chosen, five, "conv")
    assert "`taps` matches no hidden layer. Received: taps='conv'" in message
    assert re.search("a1", message)


def test_a_function_that_accepts_nothing(five):
    message = message_of(ValueError, chosen, five, lambda layer: False)
    assert "`taps` matches no hidden layer" in message


@pytest.mark.parametrize("selection", [[], (), ""])
def test_empty_selection(five, selection):
    assert "`taps` must" in message_of(ValueError, chosen, five, selection)


def test_nearest_names_stand_there_once():
    base = dense_model(layers.Dense(3, "relu", name="conv1"))
    message = message_of(ValueError, chosen, base, ["conv11"])
    assert "Nearest names: ['conv1']" in message


def test_an_empty_name(five):
    message = message_of(ValueError, chosen, five, ["a1", ""])
    assert "There is no layer '' to tap, which `taps` names." in message


@pytest.mark.parametrize("answer", [None, 1, "yes", re.match("a", "a")])
def test_a_function_that_returns_something_else(five, answer):
    """`str.find` returns -1, which is true, where a name does not match."""
    message = message_of(TypeError, chosen, five, lambda layer: answer)
    assert "`taps`, a function, must return True or False" in message
    assert f"Received: {answer!r} for the layer 'a1' of class Dense" in message


def test_a_function_that_fails():
    base = dense_model(layers.Dense(3), layers.ReLU(name="rectified"))
    message = message_of(ValueError, chosen, base, lambda layer: layer.units > 3)
    assert "`taps`, a function, fails for the layer 'rectified' of class" in message
    assert "AttributeError" in message


def test_a_layer_without_units():
    inputs = keras.Input((4,))
    none = layers.ReLU(name="nothing")(inputs[:, :0])
    x = layers.Concatenate()([layers.Dense(3, "relu")(inputs), none])
    base = keras.Model(inputs, layers.Dense(3)(x))
    message = message_of(ValueError, chosen, base, "relu")
    assert "`taps` takes layers that have no units: ['nothing']" in message


# Kinds.


def silent_model():
    """silu a, swish b, hard_silu c, hard_swish d, and a function of a user's, e."""

    def wave(x):
        return keras.ops.sin(x)

    kinds = {"a": "silu", "b": "swish", "c": "hard_silu", "d": "hard_swish", "e": wave}
    return dense_model(*(layers.Dense(4, k, name=n) for n, k in kinds.items()))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["silu"], ["a", "b"]),
        (["swish"], ["a", "b"]),
        (["SiLU"], ["a", "b"]),
        (["hard_silu"], ["c", "d"]),
        (["hardswish"], ["c", "d"]),
        (["HardSiLU", "silu"], ["a", "b", "c", "d"]),
        (["wave"], ["e"]),
    ],
)
def test_one_kind_by_all_its_names(names, expected):
    assert chosen(silent_model(), taps.kind(*names)) == expected


def test_kinds_are_kept_by_one_name():
    assert taps.kind("HardSwish", "hard_silu") == taps.kind("hard_silu")
    assert hash(taps.kind("swish")) == hash(taps.kind("silu"))


def test_a_kind_that_does_not_exist(five):
    message = message_of(ValueError, chosen, five, taps.kind("relu", "gleu"))
    assert (
        "There is no nonlinearity 'gleu', which `taps` names. Nearest names: ['gl"
        in message
    )
    assert "Hidden in the model: relu (3), gelu (1)" in message


def test_a_kind_that_the_model_has_not(five):
    message = message_of(ValueError, chosen, five, taps.kind("mish", "silu"))
    assert "The model has no hidden mish or silu to tap" in message
    assert "relu (3), gelu (1)" in message


@pytest.mark.parametrize(
    ("names", "error"),
    [
        ((), ValueError),
        (("",), ValueError),
        ((3,), TypeError),
        ((["silu"],), TypeError),
    ],
)
def test_bad_kinds(names, error):
    assert "`names` must" in message_of(error, taps.kind, *names)


def test_the_name_of_a_kind_as_a_pattern(five):
    """It is a pattern of names, as any other string."""
    message = message_of(ValueError, chosen, five, "gelu")
    assert 'taps="gelu" is a pattern of names, and matches none' in message
    assert 'use taps=ks.taps.kind("gelu")' in message
    message = message_of(ValueError, chosen, five, "silu")
    assert 'taps="silu" is a pattern of names, and matches none' in message
    assert "relu (3), gelu (1)" in message


# Refused.


def test_the_output_layer(five):
    message = message_of(ValueError, chosen, five, ["a1", "f3"])
    assert "`taps` must not name the model's output. Received: ['f3']" in message
    assert "leave it out" in message


@pytest.mark.parametrize("selection", [3, None, [1, 2], {"a1": 1}, 2.5])
def test_taps_of_a_wrong_type(five, selection):
    message = message_of(TypeError, chosen, five, selection)
    assert '`taps` must be "relu", "nonlinear", a regular expression' in message
    assert f"Received: taps={selection!r}" in message


def test_broken_regular_expressions(five):
    message = message_of(ValueError, chosen, five, "conv(")
    assert "`taps` must be a regular expression. Received: 'conv('" in message
    message = message_of(ValueError, taps.group, ["a1"], "a(")
    assert "`groups` must be a regular expression. Received: 'a('" in message


@pytest.mark.parametrize(
    ("count", "error"),
    [
        (0, ValueError),
        (np.int64(-1), ValueError),
        (2.0, TypeError),
        ("3", TypeError),
        (True, TypeError),
        (None, TypeError),
    ],
)
@pytest.mark.parametrize("function", [taps.first, taps.last])
def test_bad_count(function, count, error):
    message = message_of(error, function, count)
    assert "`count` must be a positive integer" in message
    assert f"Received: count={count!r}" in message


def test_bad_groups():
    names = ["conv1_relu", "conv2_relu"]
    message = message_of(TypeError, taps.group, names, 3)
    assert "`groups` must map group names to lists of tap names" in message
    assert "Received: groups=3" in message
    message = message_of(ValueError, taps.group, names, {"g": ["conv3_relu"]})
    assert "no layer 'conv3_relu' to tap, which `groups` names" in message
    assert "conv2_relu" in message
    repeated = {"g": ["conv1_relu"], "h": ["conv1_relu"]}
    message = message_of(ValueError, taps.group, names, repeated)
    assert "`groups` must not hold a tap twice" in message
    assert "['conv1_relu']" in message
    message = message_of(ValueError, taps.group, names, "conv")
    assert "with a group in parentheses" in message
    message = message_of(ValueError, taps.group, names, r"(stage\d)")
    assert "`groups` matches none of the taps" in message
    assert "conv1_relu, conv2_relu" in message


@pytest.mark.parametrize("groups", [{}, {"g": []}, {"g": ["a"], "h": []}])
def test_empty_groups(groups):
    """`group` says that it raises "if a group is empty"."""
    message = message_of(ValueError, taps.group, ["a", "b"], groups)
    assert "`groups`" in message
    assert "empty" in message


@pytest.mark.parametrize(
    ("groups", "error"),
    [
        ({"g": "a"}, TypeError),
        ({"g": None}, TypeError),
        ({"g": 3}, TypeError),
        ({"g": [1]}, TypeError),
        ({"": ["a"]}, ValueError),
    ],
)
def test_groups_that_are_no_lists_of_names(groups, error):
    assert "`groups` must" in message_of(error, taps.group, ["a", "b"], groups)
