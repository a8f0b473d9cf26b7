"""Worlds of made-up runs, each made once; nobody writes to what is shared."""

import pytest

from recipes.lm21.claims import claims
from recipes.lm21.experiments import SMALL_VGG, leaky, signed, swept
from tests.recipes.lm21 import worlds
from tests.recipes.lm21.worlds import DIGITS

SEEDS = (0, 1, 2)


def small_sweeps():
    """The names of the full scale, with few alphas and seeds, on digits."""
    few = signed([0.4, 2])
    grid = [*signed([0.4, 1, 2, 5]), 30.0]
    resnet18 = DIGITS.replace(model="resnet18")
    vgg16 = DIGITS.replace(model="vgg16", model_options=SMALL_VGG)
    return {
        "resnet18": swept(resnet18, few, SEEDS),
        "resnet50": swept(DIGITS.replace(model="resnet50"), few, SEEDS[:2]),
        "resnet20": swept(DIGITS, grid, SEEDS),
        "vgg16": swept(vgg16, grid, SEEDS),
        **worlds.variants("resnet20", DIGITS, few, SEEDS),
        **leaky(DIGITS, (0.1, 0.5), [0.0, 0.4, 2.0, 5.0], SEEDS),
    }


class Drawn(worlds.Right):
    """With something to see at every alpha above 0."""

    def dead(self):
        return (0, 1) if 0 < self.alpha <= 1 else super().dead()


@pytest.fixture(scope="session")
def right(tmp_path_factory):
    """Results in which LM21 is right."""
    folder = tmp_path_factory.mktemp("right")
    return worlds.imagined(folder, worlds.Right, worlds.sweeps(range(10)))


@pytest.fixture(scope="session")
def right_claims(right):
    return claims(right)


@pytest.fixture(scope="session")
def make_results(tmp_path_factory):
    """Builder of finished runs: of all small sweeps, or of those that are given.

    `keep` says of which settings; `analyzed` whether there is what is computed of them.
    """

    def make(sweeps=None, keep=lambda settings: True, analyzed=False):
        sweeps = small_sweeps() if sweeps is None else sweeps
        folder = tmp_path_factory.mktemp("runs")
        return worlds.results(folder, Drawn, sweeps, analyzed, keep)

    return make


@pytest.fixture(scope="session")
def made_results(make_results):
    """The finished runs of all small sweeps, with the residual networks' analyses."""
    return make_results(analyzed=True)
