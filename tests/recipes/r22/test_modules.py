import numpy as np

from recipes.r22.modules import of_layers, selectivities


def test_a_module_has_the_outputs_of_its_blocks_alone():
    history = {
        "test_si/stem_relu": [0.9],
        "test_si/stage1_block1_1_relu": [0.8],
        "test_si/stage1_block1_out": [0.1],
        "test_si/stage1_block2_out": [0.3],
        "test_si/stage4_block1_out": [0.5],
        "test_si": [0.7],
    }
    assert of_layers(history) == {
        4: ["stage1_block1_out", "stage1_block2_out"],
        7: ["stage4_block1_out"],
    }
    np.testing.assert_allclose(selectivities(history)[4], [[0.1], [0.3]])
