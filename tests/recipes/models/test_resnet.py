"""The papers' ResNets have the papers' shapes, and their framework's paddings."""

import keras
import numpy as np
import pytest

import keras_selectivity as ks
from recipes.models import resnet18, resnet20, resnet50

SMALL = {"input_shape": (16, 16, 3), "classes": 5, "widths": (2, 3, 4, 5)}


def trainable(model):
    return sum(int(np.prod(w.shape)) for w in model.trainable_weights)


def test_resnet20_is_that_of_he_et_al():
    model = resnet20()
    # Idelbayev's table prints 0.27M; by hand: 3x3 convolutions, norms, linear.
    convolutions = 9 * (
        3 * 16 + 6 * 16 * 16 + 16 * 32 + 5 * 32**2 + 32 * 64 + 5 * 64**2
    )
    norms = 2 * (7 * 16 + 6 * 32 + 6 * 64)
    assert trainable(model) == convolutions + norms + 64 * 10 + 10
    taps = ks.taps.TappedModel(model)
    assert taps.units == [16] * 7 + [32] * 6 + [64] * 6


def test_resnet20_of_a_seed_stays_as_it_was():
    # Published numbers depend on names, and on the order in which weights are drawn.
    model = resnet20((8, 8, 1), widths=(2, 4), blocks=1)
    assert [layer.name for layer in model.layers if layer.weights] == [
        "stem_conv",
        "stem_norm",
        "stage1_block1_1_conv",
        "stage1_block1_1_norm",
        "stage1_block1_2_conv",
        "stage1_block1_2_norm",
        "stage2_block1_1_conv",
        "stage2_block1_1_norm",
        "stage2_block1_2_conv",
        "stage2_block1_2_norm",
        "logits",
    ]
    for name, first in {
        "stem_conv": 0.574789047,
        "stage2_block1_2_conv": 0.31356269,
        "logits": -0.2485075,
    }.items():
        kernel = model.get_layer(name).kernel.numpy()
        assert kernel.flat[0] == pytest.approx(first, rel=1e-5)


def test_shortcuts_take_every_second_pixel_and_pad_channels_with_zeros():
    model = resnet20((4, 4, 1), widths=(2, 4, 8), blocks=1)
    # Silence the residual branch of the second stage: what is left is the shortcut.
    norm = model.get_layer("stage2_block1_2_norm")
    norm.gamma.assign(np.zeros(4))
    tapped = ks.taps.TappedModel(model, ["stage1_block1_out", "stage2_block1_out"])
    x = np.random.default_rng(0).normal(size=(3, 4, 4, 1)).astype("float32")
    before, after = keras.Model(
        model.input,
        [model.get_layer(name).output for name in tapped.names],
    ).predict(x, verbose=0)
    np.testing.assert_array_equal(after[..., 1:3], before[:, ::2, ::2])
    assert not np.any(after[..., [0, 3]])


# torchvision's published counts, of which running statistics are no part.
@pytest.mark.parametrize(
    ("build", "parameters"), [(resnet18, 11_689_512), (resnet50, 25_557_032)]
)
def test_parameters_are_those_published(build, parameters):
    assert trainable(build(classes=1000)) == parameters


def test_taps_of_resnet18():
    taps = ks.taps.TappedModel(resnet18())
    assert taps.units == [64] * 5 + [128] * 4 + [256] * 4 + [512] * 4


def test_taps_of_resnet50():
    widths = zip((64, 128, 256, 512), (3, 4, 6, 3), strict=True)
    expected = [units for w, count in widths for units in [w, w, 4 * w] * count]
    assert ks.taps.TappedModel(resnet50()).units == [64, *expected]


def test_modules_of_resnet50():
    outputs = ks.taps.TappedModel(resnet50(**SMALL), r"stage\d_block\d_out").names
    modules = ks.taps.group(outputs, r"(stage\d)")
    assert {name: len(taps) for name, taps in modules.items()} == {
        "stage1": 3,
        "stage2": 4,
        "stage3": 6,
        "stage4": 3,
    }


@pytest.mark.parametrize("build", [resnet18, resnet50])
@pytest.mark.parametrize(
    ("max_pool", "sizes"), [(False, [32, 32, 16, 8, 4]), (True, [32, 16, 8, 4, 2])]
)
def test_only_the_max_pooling_is_removed(build, max_pool, sizes):
    model = build(widths=(2, 3, 4, 5), max_pool=max_pool)
    names = ["stem_relu", *(f"stage{i}_block2_out" for i in (1, 2, 3, 4))]
    assert [model.get_layer(name).output.shape[1] for name in names] == sizes


def test_the_bottleneck_strides_in_its_3x3_convolution():
    model = resnet50(**SMALL)
    strides = [
        model.get_layer(f"stage2_block1_{name}_conv").strides[0]
        for name in (1, 2, 3, "shortcut")
    ]
    assert strides == [1, 2, 1, 2]


@pytest.mark.parametrize("build", [resnet18, resnet50])
def test_weights_start_as_the_papers_framework_has_it(build):
    model = build()
    for name, fan_out in (("stem_conv", 49 * 64), ("stage4_block1_2_conv", 9 * 512)):
        kernel = model.get_layer(name).kernel.numpy()
        # The standard deviation of n draws is good to 1 / sqrt(2 n).
        assert kernel.std() == pytest.approx(np.sqrt(2 / fan_out), rel=0.03)
        # A truncated normal ends at two standard deviations.
        assert np.abs(kernel).max() > 3 * kernel.std()
    logits = model.get_layer("logits")
    bound = logits.kernel.shape[0] ** -0.5
    for values in (logits.kernel.numpy(), logits.bias.numpy()):
        assert 0.95 * bound < np.abs(values).max() <= bound
    norm = model.get_layer("stem_norm")
    assert (norm.momentum, norm.epsilon) == (0.9, 1e-5)


def seen(model, layer, size):
    """The rows from which each row of a layer's output depends on the input."""
    probe = keras.Model(model.input, model.get_layer(layer).output)
    images = np.zeros((size + 1, size, size, 1), "float32")
    for row in range(size):
        images[row, row] = 1
    outputs = probe.predict(images, verbose=0)
    differs = np.abs(outputs[:-1] - outputs[-1]).max(axis=(2, 3)) > 0
    return [np.flatnonzero(column).tolist() for column in differs.T]


@pytest.mark.parametrize("build", [resnet18, resnet50])
def test_the_stem_pads_both_sides(build):
    model = build((8, 8, 1), widths=(2, 2, 2, 2))
    # Row i sees the pixels 2 i - 3 to 2 i + 3. Keras's "same" would have 2 i - 2
    # to 2 i + 4.
    assert seen(model, "stem_conv", 8) == [
        [0, 1, 2, 3],
        [0, 1, 2, 3, 4, 5],
        [1, 2, 3, 4, 5, 6, 7],
        [3, 4, 5, 6, 7],
    ]


def test_strided_3x3_convolutions_pad_both_sides():
    model = resnet20((6, 6, 1), widths=(1, 2), blocks=1)
    block = keras.Model(
        model.get_layer("stage1_block1_out").output,
        model.get_layer("stage2_block1_1_conv").output,
    )
    x = np.random.default_rng(0).normal(size=(1, 6, 6, 1)).astype("float32")
    kernel = model.get_layer("stage2_block1_1_conv").kernel.numpy()
    padded = np.pad(x[0], [(1, 1), (1, 1), (0, 0)])
    expected = np.array(
        [
            [np.tensordot(padded[i : i + 3, j : j + 3], kernel, 3) for j in (0, 2, 4)]
            for i in (0, 2, 4)
        ]
    )
    np.testing.assert_allclose(block(x)[0], expected, rtol=1e-5, atol=1e-6)


def test_an_option_b_block_by_hand():
    model = resnet18((16, 16, 3), 5, widths=(2, 3, 4, 5))
    get = model.get_layer
    start, end = get("stage1_block2_out").output, get("stage2_block1_out").output
    x = np.random.default_rng(0).normal(size=(1, 8, 8, 2)).astype("float32")

    def convolved(x, name, stride):
        kernel = get(f"stage2_block1_{name}_conv").kernel.numpy()
        size = len(kernel)
        padded = np.pad(x, [(size // 2, size // 2)] * 2 + [(0, 0)])
        rows = range(0, x.shape[0], stride)
        out = [
            [np.tensordot(padded[i : i + size, j : j + size], kernel, 3) for j in rows]
            for i in rows
        ]
        return np.array(out) / np.sqrt(1 + 1e-5)  # the norm of an untrained model

    y = np.maximum(convolved(x[0], "1", 2), 0)
    expected = np.maximum(convolved(y, "2", 1) + convolved(x[0], "shortcut", 2), 0)
    found = keras.Model(start, end)(x, training=False)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [16, 18])
def test_max_pooling_pads_both_sides_with_nothing(size):
    model = resnet18((size, size, 1), 5, 0.5, (2, 2, 2, 2), max_pool=True)
    pooled = keras.Model(
        model.get_layer("stem_relu").output, model.get_layer("stem_pool").output
    )
    half = size // 2  # even, then odd
    # Negative values only: a padding of zeros would be the maximum.
    x = -np.random.default_rng(0).uniform(1, 2, size=(1, half, half, 2))
    padded = np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)], constant_values=-np.inf)
    starts = range(0, half, 2)
    expected = [
        [padded[0, i : i + 3, j : j + 3].max(axis=(0, 1)) for j in starts]
        for i in starts
    ]
    np.testing.assert_allclose(pooled(x.astype("float32"))[0], expected, rtol=1e-6)


@pytest.mark.parametrize("build", [resnet18, resnet20, resnet50])
def test_leaky_rectifiers_have_the_names_of_the_others(build):
    widths = {"widths": (2, 3, 4)} if build is resnet20 else SMALL
    plain = ks.taps.TappedModel(build(**widths))
    leaky = ks.taps.TappedModel(build(**widths, negative_slope=0.5))
    assert leaky.names == plain.names
    assert leaky.signed.all()
    assert not plain.signed.any()
    assert leaky.points[0].layer.negative_slope == 0.5


@pytest.mark.parametrize("build", [resnet18, resnet20, resnet50])
@pytest.mark.parametrize("slope", [-0.1, 1.0, float("nan")])
def test_a_slope_that_is_none(build, slope):
    with pytest.raises(ValueError, match="`negative_slope` must be at least 0"):
        build(negative_slope=slope)


@pytest.mark.parametrize("build", [resnet18, resnet50])
def test_widths_that_are_not_four(build):
    with pytest.raises(ValueError, match=r"4 stages.*\(2, 3\).*resnet20"):
        build(widths=(2, 3))


@pytest.mark.parametrize("build", [resnet18, resnet50])
def test_a_saved_model_is_the_same(build, tmp_path):
    model = build(**SMALL, negative_slope=0.1, max_pool=True)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    x = np.random.default_rng(0).normal(size=(2, 16, 16, 3)).astype("float32")
    expected = model(x, training=False)
    assert expected.shape == (2, 5)
    np.testing.assert_array_equal(loaded(x, training=False), expected)


def test_a_small_one_trains_wrapped():
    model = ks.SelectivityModel(resnet18(**SMALL), alpha=-1)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(10, 16, 16, 3)), np.arange(10) % 5
    history = model.fit(x, y, batch_size=10, verbose=0).history
    assert np.isfinite(history["loss"]).all()


def test_m18_strides_in_the_last_block_of_a_stage():
    """M18 appendix A.2: (stride 1, then 2 in the last block), no stride in the last."""
    model = resnet50((64, 64, 3), widths=(2, 4, 6, 8), stride_in="last")
    sides = {
        layer.name: layer.output.shape[1]
        for layer in model.layers
        if layer.name.endswith("_out")
    }
    counts = (3, 4, 6, 3)
    expected, side = {}, 32
    for stage, count in enumerate(counts, start=1):
        for block in range(1, count + 1):
            side //= 2 if block == count and stage < 4 else 1
            expected[f"stage{stage}_block{block}_out"] = side
    assert sides == expected
    usual = resnet50((64, 64, 3), widths=(2, 4, 6, 8))
    assert model.count_params() == usual.count_params()
    assert usual.get_layer("stage1_block3_out").output.shape[1] == 32
    with pytest.raises(ValueError, match="`stride_in` must be 'first' or 'last'"):
        resnet50(stride_in="middle")
