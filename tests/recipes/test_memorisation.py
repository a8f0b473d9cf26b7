from recipes import memorisation


def test_it_trains_ablates_and_draws(tmp_path, capsys):
    memorisation.main(["--seeds", "1", "--epochs", "3", "--folder", str(tmp_path)])
    shown = capsys.readouterr().out
    assert "[ 3/3] 100% shuffled, seed 0: training accuracy" in shown
    assert "true labels" in shown.split("MLP 2x512")[1]
    for name in ("ablation.png", "noise.png"):
        assert (tmp_path / name).stat().st_size > 10_000


def test_networks_that_memorise_fall_earlier():
    """M18's effect, on one network of each kind, trained for long enough."""
    model, data = memorisation.train(0.0, seed=0, epochs=40)
    memorised, shuffled = memorisation.train(1.0, seed=0, epochs=120)
    areas = []
    for network, labelled in ((model, data), (memorised, shuffled)):
        curve = memorisation.ks.perturbation.cumulative(
            network, labelled, points=9, repeats=3, verbose=0
        )
        assert curve.accuracy[0, 0] > 0.95
        areas.append(curve.auc.mean())
    assert areas[0] > areas[1] + 0.1
