"""R22's networks, and how they are trained: full scale, and in miniature."""

from collections.abc import Sequence

from recipes.runner.settings import Settings
from recipes.runner.sweep import Sweep

#: The outputs of the bottleneck blocks: R22's units are their feature maps. The paper
#: numbers a ResNet50's modules from 4, the stages here from 1.
EARLY = r"stage[123]_block\d_out"
ALL = r"stage[1234]_block\d_out"
MODULES = r"(stage\d)"
#: Windows of the paper: from the start, from epoch 5, the first four, the first.
FROM_0: tuple[int, ...] = ()
FROM_5 = (5,)
FIRST_FOUR = (0, 4)
FIRST_ONE = (0, 1)
#: The strength that the main figures have.
STRONG = -20.0

IMAGENET = Settings(
    data="imagenet2012",
    model="resnet50",
    model_options={"max_pool": True},
    epochs=90,
    batch_size=256,
    learning_rate=0.1,
    # The paper says "standard training procedure using PyTorch"; decay and
    # augmentation are those of PyTorch's ImageNet example.
    anneal_epochs=(30, 60),
    augmentation="inception",
    weight_decay=1e-4,
    momentum=0.9,
    select="last",
    kept_epochs=(0, 1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 45, 60, 75, 90),
    first_epoch_points=9,
)
#: Scikit-learn's digits in 14 epochs of 23 steps: what two cores can do. At the
#: paper's learning rate so few steps do not train the network.
DIGITS = Settings(
    data="digits",
    model="resnet50",
    model_options={"widths": [8, 16, 32, 64]},
    epochs=14,
    batch_size=48,
    learning_rate=0.02,
    anneal_epochs=(10,),
    weight_decay=1e-4,
    momentum=0.9,
    select="last",
    kept_epochs=(0, 1, 2, 3, 4, 5, 7, 10, 14),
    first_epoch_points=6,
    deterministic=True,
)


def full() -> dict[str, Sweep]:
    """The paper's own scale."""
    return sweeps(
        IMAGENET,
        plain=range(10),
        against=(0, 1),
        others=(0,),
        long=60,
        short=20,
    )


def mini() -> dict[str, Sweep]:
    """A ResNet50 of an eighth of the widths, on 1,797 digits of 8x8 pixels."""
    three = (0, 1, 2)
    return sweeps(DIGITS, plain=three, against=three, others=(0,), long=14, short=14)


def sweeps(
    base: Settings,
    *,
    plain: Sequence[int],
    against: Sequence[int],
    others: Sequence[int],
    long: int,
    short: int,
) -> dict[str, Sweep]:
    """All that the paper trains.

    Reference:
        R22 sections 4.1 to 4.7 and appendices A.1 to A.5.
    """
    early = base.replace(taps=EARLY, groups=MODULES, regularizer="si_r22")
    lasting = _to(early.replace(alpha=STRONG), long)
    brief = _to(early, short)
    every = brief.replace(taps=ALL)
    return {
        "plain": Sweep(base, {"seed": plain}),
        "against_from_0": _windows(lasting, [FROM_0], against),
        "against_from_5": _windows(lasting, [FROM_5], against),
        "recovery": _windows(lasting, [FIRST_FOUR], others),
        "starts": _windows(
            brief.replace(alpha=STRONG), [(epoch,) for epoch in (1, 2, 3, 4)], others
        ),
        "strengths_from_0": _alphas(brief, (-10.0, -5.0, -1.0), FROM_0, others),
        "strengths_from_5": _alphas(brief, (-10.0, -5.0, -1.0), FROM_5, others),
        "for_large": _alphas(brief, (10.0, 20.0), FIRST_FOUR, others),
        "for_small_four": _alphas(every, (1.0, 5.0), FIRST_FOUR, others),
        "for_small_one": _alphas(every, (1.0, 5.0), FIRST_ONE, others),
        # Of figure 16's second network.
        "representation": _alphas(brief, (20.0,), FIRST_FOUR, (0, 1)),
        # The paper's public code has sums over samples where its text has means.
        "summed": _windows(
            brief.replace(alpha=STRONG, regularizer="si_sum"), [FROM_0, FROM_5], others
        ),
    }


def _to(base: Settings, epochs: int) -> Settings:
    """The same for so many epochs.

    Only the plain networks are ablated and compared: no weights are kept of others.
    """
    return base.replace(epochs=epochs, kept_epochs=())


def _windows(
    base: Settings, windows: Sequence[tuple[int, ...]], seeds: Sequence[int]
) -> Sweep:
    return Sweep(base, {"window": windows, "seed": seeds})


def _alphas(
    base: Settings,
    alphas: Sequence[float],
    window: tuple[int, ...],
    seeds: Sequence[int],
) -> Sweep:
    return Sweep(base.replace(window=window), {"alpha": alphas, "seed": seeds})


SCALES = {"full": full, "mini": mini}
