import pytest

import m18_worlds as worlds


@pytest.fixture(scope="session")
def right(tmp_path_factory):
    """Results in which M18 is right."""
    return worlds.results(tmp_path_factory.mktemp("right"))


@pytest.fixture(scope="session")
def wrong(tmp_path_factory):
    """Results in which M18 is wrong."""
    return worlds.results(tmp_path_factory.mktemp("wrong"), right=False)
