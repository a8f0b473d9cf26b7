import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_selectivity as ks
from keras_selectivity.perturbation import AblationCurve, area


def one_hot_network():
    """W33: hidden units one-hot of the class, logits = hidden units."""
    inputs = keras.Input((4,))
    x = keras.layers.ReLU(name="hidden")(inputs)
    logits = keras.layers.Dense(4, use_bias=False, name="logits")
    model = keras.Model(inputs, logits(x))
    logits.kernel.assign(np.eye(4))
    return model, (
        np.repeat(np.eye(4, dtype="float32"), 5, axis=0),
        np.arange(4).repeat(5),
    )


@pytest.mark.parametrize(
    ("units", "accuracy", "auc"),
    [
        ([0, 1, 2, 3], [1, 1, 0.75, 0.5, 0.25], 0.71875),
        ([3, 2, 1, 0], [1, 0.75, 0.5, 0.25, 0.25], 0.53125),
    ],
)
def test_worked_case(units, accuracy, auc):
    model, data = one_hot_network()
    order = [("hidden", unit) for unit in units]
    curve = ks.perturbation.cumulative(model, data, order, points=5, verbose=0)
    assert curve.accuracy.tolist() == [accuracy]
    assert curve.auc.tolist() == [auc]
    assert curve.fractions.tolist() == [0, 0.25, 0.5, 0.75, 1]


def test_a_tie_among_the_top_k_goes_to_the_first_classes():
    model, data = one_hot_network()
    order = [("hidden", unit) for unit in range(4)]
    curve = ks.perturbation.cumulative(
        model, data, order, points=[0, 4], top_k=2, verbose=0
    )
    # With all logits zero, classes 0 and 1 are the two that count as highest.
    assert curve.accuracy.tolist() == [[1, 0.5]]


def test_area_worked_cases():
    x = np.linspace(0, 1, 11)
    assert area(x, np.ones(11)) == 1
    assert area(x, 1 - x) == pytest.approx(0.5)
    # The x axis is normalized: half a curve that is flat at 1 is 1 too.
    assert area(x[:6], np.ones(6)) == 1
    with pytest.raises(ValueError, match="`fractions` must hold at least 2 values"):
        area(x[:1], x[:1])


@pytest.fixture(scope="module")
def trained(digits):
    x, y = digits
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(24, activation="relu", name="one"),
            keras.layers.Dense(16, activation="relu", name="two"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x[:1000], y[:1000], epochs=8, verbose=0)
    return model, (x[:1000], y[:1000]), (x[1000:1400], y[1000:1400])


def test_same_seed_same_curve_and_batches_do_not_matter(trained):
    model, train, _ = trained
    curves = [
        ks.perturbation.cumulative(
            model, train, points=6, repeats=3, batch_size=size, max_rows=rows, verbose=0
        )
        for size, rows in ((256, None), (256, None), (77, 50))
    ]
    np.testing.assert_array_equal(curves[0].accuracy, curves[1].accuracy)
    np.testing.assert_allclose(curves[0].accuracy, curves[2].accuracy, atol=2e-3)
    other = ks.perturbation.cumulative(
        model, train, points=6, repeats=3, seed=1, verbose=0
    )
    assert (other.accuracy != curves[0].accuracy).any()


def test_data_in_every_form(trained):
    model, (x, y), _ = trained

    class Sequence(keras.utils.PyDataset):
        def __len__(self):
            return 5

        def __getitem__(self, i):
            return x[i::5], y[i::5]

    forms = [
        (x, y),
        (x, keras.utils.to_categorical(y)),
        (x, y[:, None]),
        tf.data.Dataset.from_tensor_slices((x, y)).batch(128),
        Sequence(),
        ((x[i::5], y[i::5]) for i in range(5)),  # Once is enough for zero.
    ]
    curves = [
        ks.perturbation.cumulative(model, form, points=3, repeats=2, verbose=0).accuracy
        for form in forms
    ]
    for curve in curves[1:]:
        np.testing.assert_allclose(curve, curves[0], atol=1e-3)


def test_test_data_get_the_same_orders(trained):
    model, train, test = trained
    both = ks.perturbation.cumulative(
        model, train, points=5, repeats=2, test_data=test, verbose=0
    )
    alone = ks.perturbation.cumulative(model, test, points=5, repeats=2, verbose=0)
    np.testing.assert_array_equal(both.test_accuracy, alone.accuracy)
    np.testing.assert_array_equal(both.test_auc, alone.auc)
    assert alone.test_accuracy is None
    assert alone.test_auc is None


@pytest.mark.parametrize("order", ["most_selective", "least_selective"])
def test_ranked_order_is_the_reports(trained, order):
    model, train, _ = trained
    report = ks.measure(model, train, ["si", "dprime"], verbose=0)
    for metric in report.metrics:
        ranks = np.concatenate([report[name][metric] for name in ("one", "two")])
        ranks = ranks if order == "least_selective" else -ranks
        names = [("one", unit) for unit in range(24)]
        names += [("two", unit) for unit in range(16)]
        explicit = [names[i] for i in np.argsort(ranks, kind="stable")]
        wanted = ks.perturbation.cumulative(model, train, explicit, verbose=0)
        for given in (report, None):
            found = ks.perturbation.cumulative(
                model, train, order, report=given, metric=metric, verbose=0
            )
            np.testing.assert_array_equal(found.accuracy, wanted.accuracy)
            assert (found.order, wanted.order) == (order, "explicit")


def test_within_layers_is_each_layer_by_itself(trained):
    model, train, _ = trained
    curves = ks.perturbation.cumulative_within(
        model, train, points=5, repeats=2, verbose=0
    )
    assert list(curves) == ["one", "two"]
    for name, curve in curves.items():
        alone = ks.perturbation.cumulative(
            model, train, taps=[name], points=5, repeats=2, verbose=0
        )
        np.testing.assert_array_equal(curve.counts, alone.counts)
        np.testing.assert_allclose(curve.accuracy, alone.accuracy, atol=1e-12)
    grouped = ks.perturbation.cumulative_within(
        model, train, {"both": ["one", "two"]}, points=5, repeats=2, verbose=0
    )
    together = ks.perturbation.cumulative(model, train, points=5, repeats=2, verbose=0)
    np.testing.assert_array_equal(grouped["both"].accuracy, together.accuracy)


def test_within_layers_an_order_names_units_of_each(trained):
    model, train, _ = trained
    with pytest.raises(ValueError, match=r"names no unit of \['two'\]"):
        ks.perturbation.cumulative_within(model, train, order=[("one", 3)], verbose=0)
    curves = ks.perturbation.cumulative_within(
        model, train, {"first": ["one"]}, order=[("one", 3)], points=[0, 1], verbose=0
    )
    assert curves["first"].accuracy.shape == (1, 2)


def test_an_option_that_there_is_not(trained):
    model, train, _ = trained
    with pytest.raises(TypeError, match=r"`point` is no option .* points, .* steps"):
        ks.perturbation.cumulative_within(model, train, point=5)


def test_top_k(trained):
    model, train, _ = trained
    curve = ks.perturbation.cumulative(
        model, train, top_k=3, points=3, repeats=1, verbose=0
    )
    outputs = model.predict(train[0], verbose=0)
    top = np.argsort(-outputs, axis=1)[:, :3]
    assert curve.accuracy[0, 0] == np.mean((top == train[1][:, None]).any(axis=1))
    assert curve.top_k == 3


def test_a_wrapped_model_uses_its_own_taps_and_keeps_its_silent_units(trained):
    model, train, _ = trained
    wrapped = ks.SelectivityModel(model, taps=["two"])
    curve = ks.perturbation.cumulative(wrapped, train, points=3, repeats=1, verbose=0)
    assert curve.layers == {"two": 16}
    with wrapped.silenced({"two": range(8)}):
        silenced = ks.perturbation.cumulative(
            wrapped, train, points=2, repeats=1, verbose=0
        )
        wrapped.compile(metrics=["accuracy"], loss="sparse_categorical_crossentropy")
        expected = wrapped.evaluate(*train, verbose=0, return_dict=True)["accuracy"]
    assert silenced.accuracy[0, 0] == pytest.approx(expected, abs=1e-6)
    assert silenced.accuracy[0, 0] < curve.accuracy[0, 0]


def test_save_and_load(trained, tmp_path):
    model, train, test = trained
    curve = ks.perturbation.cumulative(
        model, train, points=4, repeats=2, test_data=test, verbose=0
    )
    curve.save(tmp_path / "curve.npz")
    back = AblationCurve.load(tmp_path / "curve.npz")
    for name, array in curve.to_arrays().items():
        np.testing.assert_array_equal(back.to_arrays()[name], array)
    assert vars(back).keys() == vars(curve).keys()
    assert (back.layers, back.order, back.clamp) == (curve.layers, "random", "zero")
    with pytest.raises(ValueError, match="ablation curve"):
        ks.perturbation.NoiseCurve.load(tmp_path / "curve.npz")
    (tmp_path / "curve.npz").write_bytes(b"broken")
    with pytest.raises(ValueError, match="damaged"):
        AblationCurve.load(tmp_path / "curve.npz")


def test_two_replicas(trained, two_replicas):
    model, train, _ = trained
    with two_replicas.scope():
        twin = keras.models.clone_model(model)
        twin.set_weights(model.get_weights())
    found = ks.perturbation.cumulative(twin, train, points=3, repeats=2, verbose=0)
    wanted = ks.perturbation.cumulative(model, train, points=3, repeats=2, verbose=0)
    np.testing.assert_array_equal(found.accuracy, wanted.accuracy)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"order": [("one", 0), ("one", 0)]}, ValueError, "must not repeat"),
        ({"order": [("one", 24)]}, ValueError, "does not exist"),
        ({"points": [0.0, 1.5]}, ValueError, r"\[0, 1\]"),
        ({"points": [0, 41]}, ValueError, "number of units, 40"),
        ({"repeats": 0}, ValueError, "`repeats` must be a positive integer"),
        ({"clamp": "mean"}, ValueError, "needs `reference`"),
        ({"clamp": "median"}, ValueError, "`clamp` must be"),
        ({"top_k": 11}, ValueError, "at most the number of classes, 10"),
        ({"top_k": 2.0}, TypeError, "`top_k` must be a positive integer"),
        ({"top_k": None}, TypeError, "`top_k` must be a positive integer"),
        ({"seed": -1}, ValueError, "`seed` must be an integer of at least 0"),
        ({"verbose": 3}, ValueError, "`verbose` must be"),
        ({"steps": 0}, ValueError, "`steps` must be a positive integer"),
        ({"metric": 3}, TypeError, "`metric` must be a string"),
        (
            {"points": [0, 41], "order": "most_selective"},
            ValueError,
            "number of units, 40",
        ),
        (
            {"report": {}, "order": "most_selective"},
            TypeError,
            "`report` must be a SelectivityReport",
        ),
        ({"taps": ["three"]}, ValueError, "no layer 'three'"),
        ({"batch_size": 0}, ValueError, "`batch_size` must be a positive integer"),
        ({"max_rows": -1}, ValueError, "`max_rows` must be a positive integer"),
        ({"metric": "joy", "order": "most_selective"}, ValueError, "joy"),
    ],
)
def test_errors_before_work_starts(trained, arguments, error, message):
    model, train, _ = trained
    with pytest.raises(error, match=message):
        ks.perturbation.cumulative(model, train, **{"verbose": 0, **arguments})


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (None, ValueError, "`data` must hold samples"),
        (3, TypeError, "`data` must be"),
        ((np.zeros((4, 8, 8, 1)), np.zeros(3, int)), ValueError, "one length"),
        ((np.zeros((0, 8, 8, 1)), np.zeros(0, int)), ValueError, "no samples"),
        (np.zeros((4, 8, 8, 1)), ValueError, "labels"),
        ((np.zeros((4, 8, 8, 1)), np.full(4, 10)), ValueError, r"labels in \[0, 10\)"),
        ((np.zeros((4, 8, 8, 1)), np.zeros(4, int), np.zeros(4)), ValueError, "empty"),
    ],
)
def test_data_that_are_wrong(trained, data, error, message):
    with pytest.raises(error, match=message):
        ks.perturbation.cumulative(trained[0], data, points=2, repeats=1, verbose=0)


def test_data_that_can_be_iterated_once_are_refused_where_twice_is_needed(trained):
    model, (x, y), _ = trained

    def once():
        yield x, y

    for arguments in ({"order": "most_selective"}, {"clamp": "mean"}):
        data = once()
        arguments["reference"] = data if "clamp" in arguments else None
        with pytest.raises(ValueError, match="iterated more than once"):
            ks.perturbation.cumulative(model, data, verbose=0, **arguments)
    endless = tf.data.Dataset.from_tensor_slices((x, y)).batch(9).repeat()
    with pytest.raises(ValueError, match="endless"):
        ks.perturbation.cumulative(model, endless, verbose=0)
