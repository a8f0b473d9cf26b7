"""A result of finished runs is kept whole, and not taken for another."""

import shutil

import numpy as np
import pytest

from keras_selectivity.perturbation import NoiseCurve
from keras_selectivity.storage.files import UnusableFileError
from recipes.runner.analysis import Analysis
from recipes.runner.runs import Run
from recipes.runner.settings import Settings

SETTINGS = Settings(
    data="digits", model="mlp", epochs=1, batch_size=8, learning_rate=0.1
)


def curve(accuracy=0.5):
    return NoiseCurve([0.0, 1.0], [[1.0, accuracy]])


def of(folder, kind, seed=0):
    """An analysis of a run, of a curve or of plain numbers."""

    def compute(run):
        found = curve(0.5 + 0.1 * run.settings.seed)
        return found if kind else {"accuracy": found.accuracy.tolist()}

    run = Run(SETTINGS.replace(seed=seed), folder)
    return Analysis.of(run, "noise", compute, lambda found: type(found).__name__, kind)


def done(folder, kind, seed=0):
    task = of(folder, kind, seed)
    task.do(print)
    return task


@pytest.fixture(params=[None, NoiseCurve])
def kind(request):
    return request.param


def test_it_is_what_was_computed(tmp_path, kind):
    task = of(tmp_path, kind)
    assert (task.finished, task.found, task.line) == (False, None, "")
    task.do(print)
    assert task.finished
    assert task.name == f"noise_{Run(SETTINGS, tmp_path).name}"
    names = {path.name for path in task.path.parent.iterdir()}
    assert names == {"noise.json", *(["noise.npz"] if kind else [])}
    again = of(tmp_path, kind)
    if kind:
        assert again.line == "NoiseCurve"
        np.testing.assert_array_equal(again.found.accuracy, curve().accuracy)
        assert NoiseCurve.load(task.archive).scales.tolist() == [0, 1]
    else:
        assert again.found == {"accuracy": [[1.0, 0.5]]}


@pytest.mark.parametrize("how", ["cut", "flipped", "empty", "lost"])
def test_damage_is_said_of_every_file(tmp_path, kind, how):
    task = done(tmp_path, kind)
    for path in [task.archive] * bool(kind) + [task.path]:
        content = path.read_bytes()
        middle = len(content) // 2
        if how == "flipped":
            changed = bytearray(content)
            changed[middle] ^= 1
            path.write_bytes(changed)
        elif how == "lost":
            path.unlink()
        else:
            path.write_bytes(content[: middle * (how == "cut")])
        with pytest.raises((UnusableFileError, FileNotFoundError), match=path.name):
            task.read()
        assert task.found is None and not task.finished
        path.write_bytes(content)
        assert task.finished


def test_that_of_another_run_is_not_taken_for_it(tmp_path, kind):
    task, other = (done(tmp_path, kind, seed) for seed in (0, 1))
    shutil.copy(other.path, task.path)
    assert not task.finished
    if kind:
        task = done(tmp_path, kind)
        shutil.copy(other.archive, task.archive)
        with pytest.raises(UnusableFileError, match="another file in its place"):
            task.read()


def test_numbers_are_not_taken_for_a_curve(tmp_path):
    """As a version wrote them that kept curves as plain numbers."""
    done(tmp_path, None)
    assert not of(tmp_path, NoiseCurve).finished
    done(tmp_path, NoiseCurve)
    assert of(tmp_path, NoiseCurve).finished
