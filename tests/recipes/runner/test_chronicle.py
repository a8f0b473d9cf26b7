from recipes.runner.chronicle import Chronicle
from recipes.runner.settings import Settings

SETTINGS = Settings(
    data="digits", model="mlp", epochs=5, batch_size=256, learning_rate=0.1
)


def test_a_tie_goes_to_the_last_epoch(tmp_path):
    chronicle = Chronicle(tmp_path, SETTINGS, 0)
    chronicle.history = {"val_accuracy": [0.5, 0.9, 0.7, 0.9, 0.8]}
    assert chronicle.selected == 3
    last = Chronicle(tmp_path, SETTINGS.replace(select="last"), 0)
    last.history = chronicle.history
    assert last.selected == 4
