"""The demo, with fewer epochs: it ends, resumes and shows what it found."""

import json

import pytest

from recipes import demo

pytestmark = pytest.mark.slow


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(demo, "EPOCHS", 1)
    monkeypatch.setitem(demo.SETTINGS, "epochs", 1)


def test_it_trains_draws_and_does_not_repeat_itself(
    short, tmp_path, capsys, monkeypatch
):
    arguments = ["--alphas", "-1", "0", "--seeds", "3", "--output", str(tmp_path)]
    demo.main(arguments)
    shown = capsys.readouterr().out
    assert "[ 2/2] alpha    +0, seed 3: accuracy" in shown
    assert "tensorboard --logdir" in shown
    assert (tmp_path / "sweep.png").stat().st_size > 10_000
    result = json.loads((tmp_path / "alpha-1_seed3" / "result.json").read_text())
    assert 0 < result["si"] < 1
    assert len(result["layers"]) == 19
    # One run is lost half-way: a result cut short, as a full disk leaves it.
    path = tmp_path / "alpha+0_seed3" / "result.json"
    path.write_text(path.read_text()[:50])
    trained = []
    train = demo.train

    def counted(alpha, *args):
        trained.append(alpha)
        return train(alpha, *args)

    monkeypatch.setattr(demo, "train", counted)
    demo.main(arguments)
    assert trained == [0]
    assert "seed 3: accuracy" in capsys.readouterr().out
    # Other settings are another experiment.
    monkeypatch.setitem(demo.SETTINGS, "batch_size", 64)
    demo.main(arguments)
    assert trained == [0, -1, 0]


def test_the_table_has_mean_and_range():
    runs = [
        {"alpha": alpha, "accuracy": accuracy, "si": si}
        for alpha, accuracy, si in ((0, 0.98, 0.2), (0, 1.0, 0.3), (-1, 0.9, 0.1))
    ]
    rows = [" ".join(row.split()) for row in demo.table(runs).splitlines()[2:]]
    assert rows == [
        "-1 | 90.00 ( 90.00 to 90.00) | 0.100 (0.100 to 0.100) | 1",
        "+0 | 99.00 ( 98.00 to 100.00) | 0.250 (0.200 to 0.300) | 2",
    ]
