"""Units silenced in chosen epochs."""

import keras
import numpy as np
import pytest

import keras_selectivity as ks
from keras_selectivity.callbacks import AblationMask


class Observer(keras.callbacks.Callback):
    """Largest activation of every unit of a layer, at the end of each epoch."""

    def __init__(self, x, layer):
        super().__init__()
        self.x, self.layer, self.peaks = x, layer, []

    def on_epoch_end(self, epoch, logs=None):
        _, activations = self.model.observe(self.x)
        self.peaks.append(activations[self.layer].numpy().max(axis=0))


@pytest.fixture
def model(make_cnn):
    model = ks.SelectivityModel(make_cnn(norm=False), alpha=-0.1)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


@pytest.fixture
def data(digits):
    return digits[0][:50], digits[1][:50]


def test_units_are_silent_in_the_window_only(model, data):
    seen = Observer(data[0], "relu_1")
    mask = AblationMask({"relu_1": [0, 2]}, start=1, stop=3)
    model.fit(*data, epochs=4, verbose=0, callbacks=[mask, seen])
    silent = np.array([(peaks == 0)[[0, 2]].all() for peaks in seen.peaks])
    assert silent.tolist() == [False, True, True, False]
    assert not any(peaks[1] == 0 for peaks in seen.peaks)


def test_weights_behind_a_silent_unit_do_not_move(model, data):
    layer = model.base_model.get_layer("conv_2")
    before = layer.get_weights()[0]
    mask = AblationMask({"relu_1": [0, 2]})
    model.fit(*data, epochs=2, verbose=0, callbacks=[mask])
    moved = (layer.get_weights()[0] != before).any(axis=(0, 1, 3))
    assert moved.tolist() == [False, True, False, True, True, True]


def test_two_masks_are_silent_together(model, data):
    seen = Observer(data[0], "relu_1")
    masks = [AblationMask({"relu_1": [0]}, 0, 2), AblationMask({"relu_1": [0, 1]}, 1)]
    model.fit(*data, epochs=3, verbose=0, callbacks=[*masks, seen])
    silent = [np.flatnonzero(peaks == 0).tolist() for peaks in seen.peaks]
    assert silent == [[0], [0, 1], [0, 1]]


def test_validation_of_the_epoch_sees_the_mask(model, data):
    mask = AblationMask({"dense": range(12)})
    history = model.fit(*data, validation_data=data, verbose=0, callbacks=[mask])
    # Nothing but the bias is left of the network: every image gets the same.
    with model.silenced({"dense": range(12)}):
        silent = model.evaluate(*data, verbose=0)
    assert history.history["val_loss"][0] == pytest.approx(silent)
    assert model.evaluate(*data, verbose=0) != pytest.approx(silent)


def test_nothing_is_left_behind(model, data):
    class Broken(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise RuntimeError("broken")

    mask = AblationMask({"relu_1": range(6)})
    with pytest.raises(RuntimeError, match="broken"):
        model.fit(*data, verbose=0, callbacks=[mask, Broken()])
    np.testing.assert_array_equal(
        model.predict(data[0], verbose=0), model.base_model.predict(data[0], verbose=0)
    )


@pytest.mark.parametrize(
    ("units", "message"),
    [
        ({"relu_9": [0]}, "names 'relu_9', and there is no such tap"),
        ({"relu_1": [6]}, r"\[0, 6\)"),
    ],
)
def test_unknown_units_fail_before_training(model, data, units, message):
    steps = model.optimizer.iterations.numpy()
    with pytest.raises(ValueError, match=message):
        model.fit(*data, verbose=0, callbacks=[AblationMask(units, start=5)])
    assert model.optimizer.iterations.numpy() == steps


def test_bad_arguments_are_named(make_cnn, data):
    with pytest.raises(TypeError, match="`units` must be a mapping"):
        AblationMask([0, 1])
    with pytest.raises(TypeError, match="`units` must be an integer"):
        AblationMask({"relu_1": [0.5]})
    with pytest.raises(ValueError, match=r"`stop` must be .* above 3"):
        AblationMask({}, 3, 2)
    plain = make_cnn()
    plain.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(TypeError, match="SelectivityModel"):
        plain.fit(*data, verbose=0, callbacks=[AblationMask({})])
