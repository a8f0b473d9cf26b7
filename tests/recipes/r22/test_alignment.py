import numpy as np

from recipes.r22.alignment import series


def test_a_pair_of_layers_through_training():
    values = [[[1, 0.2], [0.3, 1]], [[1, None], [0.4, 1]]]
    found = {"layers": ["a", "b"], "values": values}
    np.testing.assert_array_equal(series(found, "a", "b"), [0.2, np.nan])
    np.testing.assert_array_equal(series(found, "b", "a"), [0.3, 0.4])
