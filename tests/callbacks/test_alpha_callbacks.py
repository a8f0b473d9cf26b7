"""The callbacks that multiply alpha: their factors, together and on resume."""

import copy
import itertools

import keras
import numpy as np
import pytest

import keras_selectivity as ks
from keras_selectivity.callbacks import AlphaScheduler, AlphaWarmup, AlphaWindow


class Recorder(keras.callbacks.Callback):
    """Alpha in force at each step, by epoch."""

    def __init__(self):
        super().__init__()
        self.alphas = {}

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    # The callbacks under test are listed before this one.
    def on_train_batch_begin(self, batch, logs=None):
        self.alphas.setdefault(self.epoch, []).append(self.model.effective_alpha)


def recorded(callbacks, make_cnn, epochs=4, initial_epoch=0, **kwargs):
    model = ks.SelectivityModel(make_cnn(), alpha=-2.0)
    model.compile("sgd", "sparse_categorical_crossentropy", **kwargs)
    x, y = np.random.rand(20, 8, 8, 1), np.arange(20) % 10
    recorder = Recorder()
    history = model.fit(
        x,
        y,
        batch_size=5,
        epochs=epochs,
        initial_epoch=initial_epoch,
        verbose=0,
        callbacks=[*callbacks, recorder],
    )
    return model, recorder.alphas, history.history


def test_warmup_rises_linearly_from_zero_to_one_step_by_step(make_cnn):
    _, alphas, _ = recorded([AlphaWarmup(epochs=2)], make_cnn)
    steps = list(itertools.chain(*alphas.values()))
    expected = -2 * np.minimum(np.arange(16) / 8, 1)
    np.testing.assert_allclose(steps, expected, rtol=1e-6)


def test_warmup_by_epoch_is_constant_within_an_epoch(make_cnn):
    _, alphas, history = recorded([AlphaWarmup(epochs=2, by="epoch")], make_cnn)
    assert alphas == {0: [0] * 4, 1: [-1] * 4, 2: [-2] * 4, 3: [-2] * 4}
    assert history["alpha"] == [0, -1, -2, -2]


def test_factors_multiply_in_any_order(make_cnn):
    def callbacks():
        return [
            AlphaWarmup(epochs=4, by="epoch"),
            AlphaWindow(1, 3),
            AlphaScheduler(lambda epoch: 10.0**epoch),
        ]

    _, alphas, _ = recorded(callbacks(), make_cnn)
    expected = {0: 0, 1: -2 * 0.25 * 10, 2: -2 * 0.5 * 100, 3: 0}
    assert {epoch: found[0] for epoch, found in alphas.items()} == pytest.approx(
        expected
    )
    assert recorded(callbacks()[::-1], make_cnn)[1] == alphas


def test_a_resumed_run_continues_the_schedule(make_cnn):
    callbacks = [AlphaWarmup(epochs=3), AlphaWindow(1), AlphaScheduler([1, 2, 3, 4])]
    _, whole, _ = recorded(callbacks, make_cnn)
    # The same instances, for a second `fit`.
    _, resumed, _ = recorded(callbacks, make_cnn, initial_epoch=2)
    assert resumed == {epoch: whole[epoch] for epoch in (2, 3)}


def test_nothing_is_left_behind(make_cnn):
    model, _, _ = recorded([AlphaWindow(100)], make_cnn)
    assert model.effective_alpha == model.alpha == -2

    class Broken(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise RuntimeError("broken")

    x, y = np.random.rand(20, 8, 8, 1), np.arange(20) % 10
    with pytest.raises(RuntimeError, match="broken"):
        model.fit(x, y, verbose=0, callbacks=[AlphaWindow(100), Broken()])
    assert model.effective_alpha == -2


def test_alpha_zero_in_the_window_trains_the_base_model(make_cnn, digits):
    """A window that never opens gives the weights of alpha 0, bit for bit."""
    x, y = digits[0][:64], digits[1][:64]

    def weights(callbacks):
        model = ks.SelectivityModel(make_cnn(), alpha=-3.0)
        model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(True))
        model.fit(x, y, epochs=2, shuffle=False, verbose=0, callbacks=callbacks)
        return model.get_weights()

    off = weights([AlphaWindow(9)])
    base = make_cnn()
    base.compile("sgd", keras.losses.SparseCategoricalCrossentropy(True))
    base.fit(x, y, epochs=2, shuffle=False, verbose=0)
    for found, expected in zip(off, base.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)
    on = weights([AlphaWindow(0)])
    assert any((a != b).any() for a, b in zip(on, off, strict=True))


def test_steps_per_execution_takes_the_alpha_at_its_first_step(make_cnn):
    _, alphas, _ = recorded(
        [AlphaWarmup(epochs=2)], make_cnn, epochs=2, steps_per_execution=2
    )
    np.testing.assert_allclose(
        list(itertools.chain(*alphas.values())), [0, -0.5, -1, -1.5], 1e-6
    )


@pytest.mark.parametrize(
    "callback", [AlphaWarmup(3), AlphaWindow(1, 2), AlphaScheduler([1, 2])]
)
def test_copies_are_equal_and_a_plain_model_is_refused(callback, make_cnn):
    twin = copy.deepcopy(callback)
    assert [twin.factor(e) for e in (0, 1)] == [callback.factor(e) for e in (0, 1)]
    model = make_cnn()
    model.compile("sgd", "sparse_categorical_crossentropy")
    x, y = np.random.rand(4, 8, 8, 1), np.arange(4)
    with pytest.raises(TypeError, match=r"`SelectivityModel`.*Wrap it"):
        model.fit(x, y, verbose=0, callbacks=[callback])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: AlphaWarmup(0), ValueError, "`epochs` must be .* number above 0"),
        (lambda: AlphaWarmup(-1), ValueError, r"`epochs` must.*epochs=-1"),
        (lambda: AlphaWarmup(5, by="batch"), ValueError, "by='batch'"),
        (lambda: AlphaWindow("0"), TypeError, "start='0'"),
        (lambda: AlphaWindow(3, 3), ValueError, "`stop` must be .* number above 3"),
        (lambda: AlphaScheduler("linear"), TypeError, "schedule='linear'"),
        (lambda: AlphaScheduler(3), TypeError, "schedule=3"),
    ],
)
def test_bad_arguments_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_short_schedule_fails_before_training(make_cnn):
    with pytest.raises(ValueError, match="2 factors for 4 epochs"):
        recorded([AlphaScheduler([1, 2])], make_cnn)


def test_a_factor_that_is_not_finite_fails(make_cnn):
    with pytest.raises(ValueError, match=r"`schedule\(0\)` must be a finite number"):
        recorded([AlphaScheduler(lambda epoch: float("nan"))], make_cnn)
