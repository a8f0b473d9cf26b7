"""The demo, with one epoch: it ends, resumes and shows what it found."""

import pytest

from recipes import demo
from recipes.runner.runs import Run
from recipes.runner.sweep import Sweep
from tests.recipes import made

pytestmark = pytest.mark.slow


@pytest.fixture
def short(monkeypatch):
    settings = demo.SETTINGS.replace(
        epochs=1, anneal_epochs=(), model="mlp", model_options={"widths": [16, 8]}
    )
    monkeypatch.setattr(demo, "SWEEP", Sweep(settings, demo.SWEEP.vary))
    return settings


def test_it_trains_draws_and_does_not_repeat_itself(
    short, tmp_path, capsys, monkeypatch
):
    arguments = ["--alphas", "-1", "0", "--seeds", "3", "--output", str(tmp_path)]
    assert demo.main(arguments) == 0
    shown = capsys.readouterr().out
    runs = [Run(short.replace(alpha=alpha, seed=3), tmp_path) for alpha in (-1, 0)]
    assert f"[2/2] {runs[1].name}: accuracy" in shown
    assert "tensorboard --logdir" in shown
    assert (tmp_path / "sweep.png").stat().st_size > 10_000
    assert 0 < runs[0].report.mean("si") < 1
    assert len(runs[0].report) == 2
    for run in runs:
        assert list(run.folder.glob("logs/**/events.out.tfevents.*"))
    # One run is lost half-way: a result cut short, as a full disk leaves it.
    path = runs[1].path
    path.write_text(path.read_text()[:50])
    trained = []
    train = Run.do

    def counted(run, say):
        trained.append(run.settings.alpha)
        train(run, say)

    monkeypatch.setattr(Run, "do", counted)
    assert demo.main(arguments) == 0
    assert trained == [0]
    assert runs[1].finished
    rows = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in rows if row.count("|") == 3] == [
        *("alpha", "-1", "+0"),
    ]
    # Other settings are another experiment: those of the demo, but for the length.
    resnet = short.replace(model="resnet20", model_options={"blocks": 1})
    monkeypatch.setattr(demo, "SWEEP", Sweep(resnet, demo.SWEEP.vary))
    assert demo.main([*arguments, "--alphas", "-1"]) == 0
    assert trained == [0, -1]
    other = Run(resnet.replace(alpha=-1, seed=3), tmp_path)
    assert 0 < other.report.mean("si") < 1
    assert len(other.report) == 7


def test_the_network_is_resnet20():
    assert (demo.SETTINGS.model, demo.SETTINGS.model_options) == ("resnet20", {})


def test_what_fails_is_not_drawn(short, tmp_path, capsys, monkeypatch):
    def fail(run, say):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(Run, "do", fail)
    assert demo.main(["--alphas", "0", "--output", str(tmp_path)]) == 1
    assert "out of memory" in capsys.readouterr().err
    assert not (tmp_path / "sweep.png").exists()


def test_the_table_has_mean_and_range(tmp_path):
    found = {(-1, 0): (0.9, 0.1), (0, 0): (0.98, 0.2), (0, 1): (1.0, 0.3)}
    sweep = Sweep(demo.SETTINGS, {"alpha": (0, -1), "seed": (0, 1)})

    def leave(run, name, place):
        key = run.settings.alpha, run.settings.seed
        if key in found:
            accuracy, si = found[key]
            made.finish(run, made.report({"hidden": {"si": [si, si]}}, accuracy))

    results = made.results(tmp_path, {"demo": sweep}, leave)
    table = demo.table(results.by_alpha("demo"))
    rows = [" ".join(row.split()) for row in table.splitlines()[2:]]
    assert rows == [
        "-1 | 90.00 ( 90.00 to 90.00) | 0.100 (0.100 to 0.100) | 1",
        "+0 | 99.00 ( 98.00 to 100.00) | 0.250 (0.200 to 0.300) | 2",
    ]
