"""What is measured of a trained network is what its outputs say."""

import keras
import numpy as np
import pytest

from recipes.g19 import design, maximized
from recipes.g19.experiments import IMAGENET, SCALES
from recipes.g19.measured import at_levels, networks
from recipes.g19.measures import LAYERS
from recipes.models.alexnet import with_prob


@pytest.fixture
def outputs(measured):
    """Responses of the rightly classified training images, `{layer: array}`, labels."""
    model = with_prob(measured.network.model())
    x, y = (
        np.concatenate(parts)
        for parts in zip(
            *measured.network.data().batches("train", 500).as_numpy_iterator(),
            strict=True,
        )
    )
    found = keras.Model(model.input, [model.get_layer(n).output for n in LAYERS])
    responses = {name: one.numpy() for name, one in zip(LAYERS, found(x), strict=True)}
    right = responses["prob"].argmax(axis=1) == y
    assert 0.2 < right.mean() < 1
    return {name: one[right] for name, one in responses.items()}, y[right], x[right]


def test_measures_are_of_the_rightly_classified_training_images(measured, outputs):
    responses, labels, _ = outputs
    assert list(measured.report) == list(LAYERS)
    weight = measured.report.class_weight
    np.testing.assert_array_equal(weight, np.bincount(labels, minlength=10))
    values = responses["fc6"]
    for unit in range(values.shape[1]):
        means = [values[labels == c, unit].mean() for c in np.unique(labels)]
        best = np.unique(labels)[np.argmax(means)]
        own = values[labels == best, unit].mean()
        rest = values[labels != best, unit].mean()
        expected = (own - rest) / (own + rest) if own else 0
        assert measured.report["fc6"]["ccmas"][unit] == pytest.approx(
            expected, abs=1e-5
        )


def test_conv5_is_the_highest_of_the_map_or_its_mean(measured, outputs):
    responses, _, _ = outputs
    maps = responses["conv5"]
    for report, values in (
        (measured.report, maps.max(axis=(1, 2))),
        (measured.mean_report, maps.mean(axis=(1, 2))),
    ):
        expected = np.average(
            report.class_means["conv5"][report.class_weight > 0],
            axis=0,
            weights=report.class_weight[report.class_weight > 0],
        )
        np.testing.assert_allclose(values.mean(axis=0), expected, rtol=1e-4)
    assert list(measured.mean_report) == ["conv5"]


def test_top_cluster_and_precision_of_prob(measured, outputs):
    responses, labels, _ = outputs
    for unit in np.unique(labels):
        values = responses["prob"][:, unit]
        top = labels[values.argmax()]
        cluster = np.sum(values[labels == top] > values[labels != top].max())
        found = measured.report["prob"]
        assert found["top_class_cluster"][unit] == cluster
        assert found["top_class"][unit] == pytest.approx(
            cluster / np.sum(labels == top)
        )
        first = np.sort(values)[::-1][:11]
        if first[9] > first[10]:
            share = np.bincount(labels[np.argsort(-values)[:10]]).max() / 10
            assert found["precision"][unit] == pytest.approx(share)


def test_examples_are_responses_of_the_chosen_units(measured, outputs):
    responses, labels, _ = outputs
    seen = measured.examples
    np.testing.assert_array_equal(seen.labels, labels)
    assert set(seen.units) == set(LAYERS)
    for layer in LAYERS:
        values = responses[layer]
        values = values.max(axis=(1, 2)) if values.ndim == 4 else values
        np.testing.assert_allclose(
            seen.of(layer), values[:, seen.units[layer]], rtol=1e-4, atol=1e-5
        )
    assert seen.units["fc8"] == seen.units["prob"] == seen.classes["prob"]
    precision = measured.report["fc6"]["precision"]
    assert precision[seen.units["fc6"]] == precision.max()


def test_pictures_are_those_of_the_responses(measured, outputs):
    _, labels, images = outputs
    seen = measured.examples
    own = np.flatnonzero(labels == seen.classes["fc6"])
    order = np.argsort(seen.own("fc6"), kind="stable")
    np.testing.assert_allclose(seen.images[0], images[own[order[:4]]], atol=1e-6)
    np.testing.assert_allclose(seen.levels[0], np.sort(seen.own("fc6"))[:4], rtol=1e-5)
    assert seen.levels[2].min() >= seen.levels[0].max()


def test_levels_of_few_images():
    assert at_levels(np.array([3.0, 1.0])).shape == (3, 2)


def test_images_drive_their_units(measured):
    model = with_prob(measured.network.model())
    for layer in design.LAYERS:
        found = measured.maximized(layer)
        assert found.images.shape[1:] == (4, 8, 8, 1)
        assert found.images.min() >= 0
        assert found.images.max() <= 1
        values = keras.Model(model.input, model.get_layer(layer).output)(
            found.images.reshape(-1, 8, 8, 1)
        ).numpy()
        values = values.max(axis=(1, 2)) if values.ndim == 4 else values
        each = values.reshape(*found.images.shape[:2], -1)
        for place, unit in enumerate(found.units):
            np.testing.assert_allclose(
                each[place, :, unit], found.activations[place], rtol=1e-3, atol=1e-4
            )


def test_black_and_white_of_photographs():
    low, high = maximized.value_range(IMAGENET)
    np.testing.assert_allclose(low, [-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225])
    np.testing.assert_allclose(high - low, [1 / 0.229, 1 / 0.224, 1 / 0.225])


def test_what_is_missing_or_damaged_alone_is_done_again(trained, measured, monkeypatch):
    assert measured.finished
    kept = measured.network.folder / "units.npz"
    before = kept.stat().st_mtime_ns
    damaged = measured.network.folder / "examples.npz"
    damaged.write_bytes(b"damaged")
    again = networks(trained)[0]
    assert not again.finished
    said = []
    again.do(said.append)
    assert said == ["examples"]
    assert again.finished
    assert kept.stat().st_mtime_ns == before
    assert "fc6: CCMAS" in again.line


def test_nothing_is_measured_without_runs(tmp_path):
    from recipes.runner.results import Results

    assert networks(Results({}, tmp_path)) == []


def test_the_full_scale_is_the_paper_s():
    (settings,) = SCALES["full"]()["alexnet"].settings
    assert settings.data == "imagenet2012_227"
    assert (settings.batch_size, settings.momentum, settings.weight_decay) == (
        128,
        0.9,
        5e-4,
    )
    assert len(settings.anneal_epochs) == 3
