"""Worlds of made-up runs, each made once; nobody writes to them."""

import pytest

from recipes.m18.claims import claims
from tests.recipes.m18 import worlds


@pytest.fixture(scope="session")
def right(tmp_path_factory):
    """Results in which M18 is right."""
    return worlds.results(tmp_path_factory.mktemp("right"))


@pytest.fixture(scope="session")
def right_claims(right):
    return claims(right)
