import pytest

from recipes.r22.claims import claims
from tests.recipes.r22 import worlds


@pytest.fixture(scope="session")
def right(tmp_path_factory):
    """Results in which R22 is right; nobody writes to them."""
    folder = tmp_path_factory.mktemp("right")
    return worlds.results(folder, worlds.Right, worlds.small(range(5)))


@pytest.fixture(scope="session")
def right_claims(right):
    return claims(right)
