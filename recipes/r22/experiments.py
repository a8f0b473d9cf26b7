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
#: Characters in 100 classes. A batch holds half of them, as the paper's holds a fifth
#: of its 1,000; an epoch has 200 steps, so that there are early epochs; the learning
#: rate is the paper's over four, as the batch is.
GLYPHS = Settings(
    data="glyphs100",
    model="resnet50",
    model_options={"widths": [4, 8, 16, 32]},
    epochs=10,
    batch_size=64,
    learning_rate=0.025,
    # What is compared is the mean of the last three epochs, which then vary little.
    anneal_epochs=(7,),
    weight_decay=1e-4,
    momentum=0.9,
    select="last",
    kept_epochs=(0, 1, 2, 3, 5, 7, 10),
    first_epoch_points=6,
    deterministic=True,
)


def full() -> dict[str, Sweep]:
    """The paper's own scale."""
    return {
        **sweeps(
            IMAGENET,
            plain=range(10),
            against=(0, 1),
            between=(0,),
            others=(0,),
            long=60,
            short=20,
        ),
        "summed": summed(IMAGENET, (0,), 20),
    }


def mini() -> dict[str, Sweep]:
    """A ResNet50 of a sixteenth of the widths, on 12,800 characters of 16x16 pixels.

    Three networks or more of what the paper trains once; of the strengths and the
    starting epochs those that tell most.
    """
    return sweeps(
        GLYPHS,
        plain=range(5),
        against=range(5),
        # Whether networks are about equal takes more of them than whether they differ.
        between=range(4),
        others=range(3),
        long=10,
        short=10,
        starting=(1,),
        strengths=(-5.0, -1.0),
        small=(5.0,),
    )


def sweeps(
    base: Settings,
    *,
    plain: Sequence[int],
    against: Sequence[int],
    between: Sequence[int],
    others: Sequence[int],
    long: int,
    short: int,
    starting: Sequence[int] = (1, 2, 3, 4),
    strengths: Sequence[float] = (-10.0, -5.0, -1.0),
    small: Sequence[float] = (1.0, 5.0),
) -> dict[str, Sweep]:
    """All that the paper trains.

    Args:
        plain: Seeds of networks without a regularizer,
        against: regularized at the main strength from epoch 0 and from epoch 5,
        between: that start at other epochs, or are of other strengths,
        others: and of each other setting.
        long: Epochs of those at the main strength,
        short: and of others with a regularizer.
        starting: First epochs with the regularizer, beside 0 and 5.
        strengths: Beside the main one.
        small: Strengths for selectivity of all modules.

    Reference:
        R22 sections 4.1 to 4.7 and appendices A.1 to A.5.
    """
    early = base.replace(taps=EARLY, groups=MODULES, regularizer="si_r22")
    lasting, brief = _to(early.replace(alpha=STRONG), long), _to(early, short)
    every, first = brief.replace(taps=ALL), [(epoch,) for epoch in starting]
    return {
        "plain": Sweep(base, {"seed": plain}),
        "against_from_0": _windows(lasting, [FROM_0], against),
        "against_from_5": _windows(lasting, [FROM_5], against),
        "recovery": _windows(lasting, [FIRST_FOUR], others),
        "starts": _windows(brief.replace(alpha=STRONG), first, between),
        "strengths_from_0": _alphas(brief, strengths, FROM_0, between),
        "strengths_from_5": _alphas(brief, strengths, FROM_5, between),
        "for_large": _alphas(brief, (10.0, 20.0), FIRST_FOUR, others),
        "for_small_four": _alphas(every, small, FIRST_FOUR, others),
        "for_small_one": _alphas(every, small, FIRST_ONE, others),
        # Figure 16 has two networks.
        "representation": _alphas(brief, (20.0,), FIRST_FOUR, sorted({0, 1, *others})),
    }


def summed(base: Settings, seeds: Sequence[int], epochs: int) -> Sweep:
    """The paper's public code has sums over samples where its text has means."""
    summing = base.replace(taps=EARLY, groups=MODULES, regularizer="si_sum")
    strong = _to(summing.replace(alpha=STRONG), epochs)
    return _windows(strong, [FROM_0, FROM_5], seeds)


def _to(base: Settings, epochs: int) -> Settings:
    """The same for so many epochs.

    Only the plain networks are ablated and compared, and followed step by step: no
    weights are kept of others, and their first epoch is measured once.
    """
    return base.replace(epochs=epochs, kept_epochs=(), first_epoch_points=1)


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
