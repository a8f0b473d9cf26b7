"""What a selection leaves out: said once, where it was not the user's own choice."""

import copy
import warnings
from collections import Counter

import keras
import numpy as np
import pytest
from keras import layers

import keras_selectivity as ks
from keras_selectivity.maximization import arguments
from keras_selectivity.network.coverage import few


@pytest.fixture
def said():
    """Messages of the test's warnings so far; every one is heard."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", UserWarning)
        yield lambda: [str(w.message) for w in heard if w.category is UserWarning]


@keras.saving.register_keras_serializable(package="tests")
class Block(layers.Layer):
    """A residual block with a rectifier and a GELU in it."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(4, activation="relu", name="dense")
        self.act = keras.activations.gelu

    def build(self, shape):
        self.dense.build(shape)
        self.built = True

    def call(self, x):
        return self.act(self.dense(x)) + x


def network(*hidden, name="net"):
    return keras.Sequential(
        [keras.Input((4,)), *hidden, layers.Dense(3, activation="softmax")], name=name
    )


def mixed(blocks=()):
    """relu a, silu b, relu c, sigmoid d, and perhaps blocks of a user's."""
    kinds = {"a": "relu", "b": "silu", "c": "relu", "d": "sigmoid"}
    hidden = [layers.Dense(4, activation=k, name=n) for n, k in kinds.items()]
    return network(*hidden, *(Block(name=name) for name in blocks))


def data():
    rng = np.random.default_rng(0)
    return rng.random((12, 4), "float32"), np.arange(12) % 3


LEFT_OUT = (
    'taps="relu" takes 2 of 4 hidden nonlinearities: relu (2). Left out: silu (1), '
    'sigmoid (1). To take these too: taps="nonlinear", or by kind, '
    'taps=ks.taps.kind("silu", "sigmoid", "relu"). To leave them out without this '
    'warning: taps=ks.taps.kind("relu").'
)


def test_rectifiers_leave_other_kinds_out(said):
    assert ks.SelectivityModel(mixed()).tap_names == ["a", "c"]
    assert said() == [LEFT_OUT]


def test_the_way_out_that_the_message_names(said):
    kind = ks.taps.kind("relu")
    assert ks.SelectivityModel(mixed(), taps=kind).tap_names == ["a", "c"]
    kind = ks.taps.kind("silu", "sigmoid", "relu")
    for taps in (kind, "nonlinear"):
        model = ks.SelectivityModel(mixed(), taps=taps)
        assert model.tap_names == ["a", "b", "c", "d"]
    assert said() == []


@pytest.mark.parametrize(
    "taps", [["a"], "[ab]", lambda layer: layer.name == "a", ks.taps.first(1)]
)
def test_a_choice_of_the_users_own_needs_no_word(said, taps):
    ks.SelectivityModel(mixed(["block"]), taps=taps)
    assert said() == []


def test_rectifiers_alone_need_no_word(said, make_cnn):
    ks.SelectivityModel(make_cnn())
    assert said() == []


def test_inside_layers(said):
    ks.SelectivityModel(mixed(["one", "two"]))
    (message,) = said()
    assert message.startswith('taps="relu" takes 2 of 8 hidden nonlinearities')
    assert "Left out: silu (1), sigmoid (1)." in message
    assert (
        "Out of reach: relu (2), gelu (2), in one relu (1), gelu (1); in two relu (1), "
        "gelu (1). A tap needs" in message
    )
    assert "functional API" in message
    assert "taps=[...]" in message


def test_inside_layers_nothing_else_left_out(said):
    ks.SelectivityModel(mixed(["block"]), taps="nonlinear")
    (message,) = said()
    assert message.startswith('taps="nonlinear" takes 4 of 6 hidden nonlinearities')
    assert "Left out" not in message
    assert "Out of reach: relu (1), gelu (1), in block." in message


def test_inside_layers_of_the_kinds_asked_for(said):
    ks.SelectivityModel(mixed(["block"]), taps=ks.taps.kind("silu"))
    assert said() == []
    ks.SelectivityModel(mixed(["block"]), taps=ks.taps.kind("relu"))
    (message,) = said()
    assert message.startswith('taps=ks.taps.kind("relu") takes 2 of 3 hidden')
    assert "Out of reach: relu (1), in block." in message


def test_nothing_but_what_is_out_of_reach():
    """The error says where it is."""
    with pytest.raises(ValueError, match="no hidden rectifier to tap") as error:
        ks.SelectivityModel(network(Block(name="block")))
    assert "none in reach" in str(error.value)
    assert "Layers: block." in str(error.value)
    assert "Out of reach: relu (1), gelu (1), in block." in str(error.value)


def test_layers_over_time(said):
    frames = keras.Sequential(
        [keras.Input((4,)), layers.Dense(4, "relu", name="inner")], name="frames"
    )
    base = keras.Sequential(
        [
            keras.Input((5, 4)),
            layers.TimeDistributed(frames, name="over_time"),
            layers.TimeDistributed(layers.Dense(4, "relu"), name="dense"),
            layers.LSTM(4, name="memory"),
            layers.Dense(3),
        ]
    )
    assert ks.SelectivityModel(base).tap_names == ["dense"]
    (message,) = said()
    assert "takes 1 of 3 hidden nonlinearities: relu (1)" in message
    assert "Left out: tanh (1)" in message
    assert "Out of reach: relu (1), in over_time." in message


def test_a_pattern_that_is_the_name_of_a_kind(said):
    base = network(
        layers.Dense(4, "gelu", name="gelu_1"),
        layers.Dense(4, "gelu", name="smooth"),
        layers.Dense(4, "relu", name="tanh"),
    )
    assert ks.SelectivityModel(base, taps="gelu").tap_names == ["gelu_1"]
    assert ks.SelectivityModel(base, taps="tanh").tap_names == ["tanh"]
    assert said() == [
        'taps="gelu" is a pattern of names, and takes 1; of the kind there are 2. For '
        'the kind use taps=ks.taps.kind("gelu").',
        'taps="tanh" is a pattern of names, and takes 1; of the kind there are 0. For '
        'the kind use taps=ks.taps.kind("tanh").',
    ]


def test_a_pattern_that_is_the_name_of_a_kind_and_takes_it(said):
    base = network(layers.Dense(4, "gelu", name="gelu_1"))
    ks.SelectivityModel(base, taps="gelu")
    assert said() == []


def test_the_output_is_not_hidden(said):
    """Not where its dtype alone is changed after it, as mixed precision has it."""
    base = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(4, activation="relu", name="hidden"),
            layers.Dense(3, activation="softmax", name="probabilities"),
            layers.Activation("linear", dtype="float32", name="cast"),
        ]
    )
    assert ks.SelectivityModel(base, taps="nonlinear").tap_names == ["hidden"]
    ks.SelectivityModel(base)
    assert said() == []
    for name in ("probabilities", "cast"):
        with pytest.raises(ValueError, match="must not name the model's output"):
            ks.SelectivityModel(base, taps=[name])
    assert arguments.point(ks.taps.find(base), None).name == "probabilities"


# Once, and not by what works with a model that was made.


def test_said_at_the_users_own_line():
    with pytest.warns(UserWarning, match="Left out") as heard:
        ks.SelectivityModel(mixed())
        ks.measure(mixed(), data(), verbose=0)
    assert [warning.filename for warning in heard] == [__file__, __file__]


def test_a_model_that_was_told_of_says_no_more(said, tmp_path):
    model = ks.SelectivityModel(mixed(["block"]), alpha=-1.0)
    assert len(said()) == 1
    x, y = data()
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    monitor = ks.callbacks.SelectivityMonitor((x, y))
    tracker = ks.callbacks.PreferredClassTracker((x, y))
    area = ks.callbacks.AblationAUC((x, y), points=2, repeats=1)
    model.fit(x, y, verbose=0, callbacks=[monitor, tracker, area])
    ks.measure(model, (x, y), verbose=0)
    type(model).from_config(model.get_config())
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.tap_names == model.tap_names
    assert len(said()) == 1


@pytest.mark.parametrize(
    "analysis",
    [
        lambda model, x, y: ks.measure(model, (x, y), verbose=0),
        lambda model, x, y: ks.perturbation.cumulative(
            model, (x, y), "most_selective", points=2, repeats=1, verbose=0
        ),
        lambda model, x, y: ks.similarity.compare(model, model, x, "cka", verbose=0),
    ],
)
def test_an_analysis_of_a_plain_model_says_it_once(said, analysis):
    model = mixed()
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    analysis(model, *data())
    assert said() == [LEFT_OUT]


def test_callbacks_on_a_plain_model_say_it_once_in_a_training(said):
    x, y = data()
    model = mixed()
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    monitor = ks.callbacks.SelectivityMonitor((x, y))
    model.fit(x, y, epochs=3, verbose=0, callbacks=[monitor])
    assert said() == [LEFT_OUT]


# Kinds go wherever selections go.


def test_kinds_wherever_selections_go(said):
    x, y = data()
    base, kind = mixed(), ks.taps.kind("swish", "sigmoid")
    base.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    model = ks.SelectivityModel(base, taps=kind)
    assert model.tap_names == ["b", "d"]
    assert model.get_config()["taps"] == ["b", "d"]
    assert type(model).from_config(model.get_config()).tap_names == ["b", "d"]
    assert list(ks.measure(base, (x, y), taps=kind, verbose=0)) == ["b", "d"]
    found = ks.perturbation.single_unit(base, (x, y), taps=kind, verbose=0)
    assert list(found) == ["b", "d"]
    matrix = ks.similarity.compare(base, base, x, "cka", taps=kind, verbose=0)
    assert list(matrix.rows) == ["b", "d"]
    assert said() == []


def test_kinds_in_callbacks(said):
    x, y = data()
    model = ks.SelectivityModel(mixed(), taps=["a"])
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    monitor = ks.callbacks.SelectivityMonitor((x, y), taps=ks.taps.kind("silu"))
    model.fit(x, y, verbose=0, callbacks=[copy.deepcopy(monitor)])
    assert said() == []


# Families of networks.


def layers_with_kinds(model):
    """Another count, which knows nothing of graphs: layers and their configurations."""
    kinds = Counter()
    for layer in model._flatten_layers(include_self=False):
        config = layer.get_config()
        kind = config.get("activation")
        if isinstance(layer, layers.ReLU):
            kind = "relu"
        if kind not in (None, "linear"):
            kinds[kind] += 1
    kinds["softmax"] -= 1  # The output.
    return +kinds


def test_mobilenet_v3(said):
    base = keras.applications.MobileNetV3Small(
        weights=None, classes=10, input_shape=(32, 32, 3)
    )
    kinds = layers_with_kinds(base)
    model = ks.SelectivityModel(base)
    assert len(model.tap_names) == kinds["relu"]
    (message,) = said()
    assert f"takes {kinds['relu']} of {kinds.total()} hidden nonlinearities" in message
    assert f"Left out: hard_silu ({kinds['hard_silu']})." in message
    assert kinds["hard_silu"] == 19
    chosen = ks.SelectivityModel(base, taps=ks.taps.kind("hard_silu")).tapped.points
    assert len(chosen) == 19
    assert all(isinstance(point.layer, layers.Activation) for point in chosen)


def test_few():
    assert few([]) == "none"
    assert few("abc", most=3) == "a, b, c"
    assert few("abc", most=2, between="; ") == "a; b; ... (3 in all)"
