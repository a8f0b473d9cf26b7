import functools

import pytest

from recipes import off_axis


def test_it_trains_compares_bounds_and_does_not_train_again(
    tmp_path, capsys, monkeypatch
):
    small = functools.partial(off_axis.resnet20, widths=(4, 6, 8), blocks=1)
    monkeypatch.setattr(off_axis, "resnet20", small)
    arguments = ["--seeds", "2", "--epochs", "1", "--max-steps", "2"]
    arguments += ["--folder", str(tmp_path)]
    off_axis.main(arguments)
    first = capsys.readouterr().out
    assert "[ 4/4] alpha +0, seed 1" in first
    assert "paired t-test over 7 layers" in first
    for name in ("distances.png", "upper_bound.png"):
        assert (tmp_path / name).stat().st_size > 10_000
    assert len(list(tmp_path.glob("*.weights.h5"))) == 4

    def never(*args, **kwargs):
        raise AssertionError("trained again")

    monkeypatch.setattr(off_axis.ks.SelectivityModel, "fit", never)
    off_axis.main(arguments)
    again = capsys.readouterr().out
    numbers = again.split("PWCCA")[1]
    assert numbers == first.split("PWCCA")[1]


def test_another_alpha_is_another_network(tmp_path, monkeypatch):
    small = functools.partial(off_axis.resnet20, widths=(2, 2, 2), blocks=1)
    monkeypatch.setattr(off_axis, "resnet20", small)
    train, _ = off_axis.digits()
    networks = off_axis.networks([-1.0, 0.0], [0], train, tmp_path, epochs=1)
    assert [networks[alpha][0].alpha for alpha in (-1.0, 0.0)] == [-1.0, 0.0]
    kernels = [networks[alpha][0].get_weights()[0] for alpha in (-1.0, 0.0)]
    assert kernels[0] == pytest.approx(kernels[1], abs=0.5)
    assert (kernels[0] != kernels[1]).any()
