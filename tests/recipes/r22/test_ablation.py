import numpy as np

from recipes.r22.ablation import able, areas, normalized


def test_normalized_accuracy_and_its_sum():
    found = {"random": {"4": [[0.5, 0.25, 0.1], [0.8, 0.8, 0.2], [0.0, 0.1, 0.1]]}}
    curves = normalized(found, "random", 4)
    np.testing.assert_allclose(curves[:2], [[1, 0.5, 0.2], [1, 1, 0.25]])
    assert np.isnan(curves[2]).all()
    np.testing.assert_allclose(areas(found, "random", 4)[:2], [1.7, 2.25])


def test_epochs_at_which_a_network_is_near_chance_say_nothing():
    networks = [
        {"random": {"4": [[first, 0.1], [second, 0.1]]}}
        for first, second in ((0.5, 0.9), (0.19, 0.2))
    ]
    assert able(networks, 0.1) == [1]
    assert able(networks[:1], 0.1) == [0, 1]
