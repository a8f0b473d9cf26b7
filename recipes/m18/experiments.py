"""M18's networks, and how they are trained: full scale, and in miniature."""

from collections.abc import Mapping, Sequence
from typing import Any

from recipes.runner.settings import Settings
from recipes.runner.sweep import Sweep

#: Shares of shuffled labels. The paper's own are in legends that are lost.
CORRUPTIONS = (0.0, 0.25, 0.5, 0.75, 1.0)
DROPOUTS = (0.1, 0.2, 0.3)

# The paper states neither optimizer, learning rate and batch size, nor weight decay,
# and uses the networks after the last epoch. Without weight decay and augmentation
# networks can fit labels that are all shuffled, which the paper's do.
MNIST = Settings(
    data="mnist",
    model="mlp",
    model_options={"widths": [512, 512]},
    epochs=640,
    batch_size=128,
    learning_rate=0.1,
    anneal_epochs=(480,),
    weight_decay=0.0,
    select="last",
    # Networks of all seeds share their training set.
    data_seed=0,
    measure_every_epoch=False,
)
#: Of convolutional networks, with batch normalization and without: without it, 0.1 does
#: not train.
RATE = 0.02
CIFAR10 = MNIST.replace(
    data="cifar10",
    model="convnet",
    model_options={},
    epochs=100,
    learning_rate=RATE,
    anneal_epochs=(75,),
)
#: 200,000 steps of 32 workers with 32 images each are 160 epochs.
IMAGENET = MNIST.replace(
    data="imagenet2012",
    model="resnet50",
    model_options={"stride_in": "last", "max_pool": True},
    epochs=160,
    batch_size=1024,
    learning_rate=0.4,
    anneal_epochs=(60, 110, 140),
)
#: 16 learning rates and 6 batch sizes make the paper's 96; which, it does not say.
LEARNING_RATES = tuple(round(10 ** (-3.5 + 0.25 * i), 6) for i in range(16))
BATCH_SIZES = (32, 64, 128, 256, 512, 1024)

#: Scikit-learn's digits, in what two cores can do.
DIGITS = Settings(
    data="digits",
    model="mlp",
    epochs=80,
    batch_size=128,
    learning_rate=0.2,
    anneal_epochs=(60,),
    weight_decay=0.0,
    select="last",
    data_seed=0,
    deterministic=True,
    measure_every_epoch=False,
)
#: Rendered characters, of which 2,000 are trained on: networks learn all of them by
#: heart while they are right about two of three others, and their test loss turns.
GLYPHS = DIGITS.replace(data="glyphs10", learning_rate=0.05, anneal_epochs=())
#: Maps of 8x8, 4x4, 2x2 and 1x1.
SMALL_CONVNET = {"widths": [16, 16, 24, 24, 24, 32, 32, 32, 64, 64, 64]}
TINY_CONVNET = {"widths": [8, 8, 12, 12, 12, 16, 16, 16, 24, 24, 24]}
SMALL_RESNET50 = {"widths": [8, 12, 16, 24], "stride_in": "last"}


def full() -> dict[str, Sweep]:
    """The paper's own scale."""
    three = (0, 1, 2)
    followed = {"kept_epochs": _kept(640, 32)}
    return {
        "mlp": corrupted(MNIST, CORRUPTIONS, three),
        "mlp_selectivity": Sweep(
            MNIST.replace(model_options=_mlp(128)), {"seed": three}
        ),
        "mlp_training": Sweep(
            MNIST.replace(model_options=_mlp(2048), anneal_epochs=(), **followed),
            {"seed": three},
        ),
        "mlp_dropout": dropout(
            MNIST.replace(epochs=5000, anneal_epochs=(4000,)), 2048, three
        ),
        "convnet": corrupted(CIFAR10, CORRUPTIONS, range(4)),
        "convnet_training": Sweep(
            CIFAR10.replace(anneal_epochs=(), kept_epochs=_kept(100, 25)),
            {"seed": three},
        ),
        "convnet_plain": Sweep(
            CIFAR10.replace(model_options={"batch_norm": False}),
            {"seed": range(4)},
        ),
        "ensemble": Sweep(CIFAR10, {"seed": range(200)}),
        "hyperparameters": Sweep(
            CIFAR10,
            {
                "learning_rate": LEARNING_RATES,
                "batch_size": BATCH_SIZES,
                "seed": (0, 1),
            },
        ),
        "resnet50_corrupted": corrupted(IMAGENET, CORRUPTIONS, three),
        "resnet50": Sweep(IMAGENET.replace(augmentation="inception"), {"seed": three}),
    }


def mini() -> dict[str, Sweep]:
    """The same networks, narrow, on digits, and on glyphs where digits are too easy."""
    five = range(5)
    mlp = DIGITS.replace(model_options=_mlp(256))
    # One rate at which networks train with batch normalization and without it.
    convnet = DIGITS.replace(
        model="convnet",
        model_options=SMALL_CONVNET,
        epochs=100,
        batch_size=64,
        learning_rate=0.05,
        anneal_epochs=(80,),
    )
    tiny = GLYPHS.replace(model="convnet", model_options=TINY_CONVNET, epochs=15)
    resnet50 = DIGITS.replace(
        model="resnet50",
        model_options=SMALL_RESNET50,
        epochs=30,
        batch_size=32,
        learning_rate=0.03,
        anneal_epochs=(22,),
    )
    return {
        "mlp": corrupted(mlp, CORRUPTIONS, five),
        "mlp_selectivity": Sweep(
            mlp.replace(model_options=_mlp(64)), {"seed": range(10)}
        ),
        "mlp_training": Sweep(
            GLYPHS.replace(
                model_options=_mlp(256), epochs=100, kept_epochs=_kept(100, 20)
            ),
            {"seed": range(10)},
        ),
        "mlp_dropout": dropout(
            mlp.replace(epochs=200, learning_rate=0.1, anneal_epochs=(160,)),
            256,
            five,
        ),
        "convnet": corrupted(convnet, (0.0, 0.5, 1.0), five),
        "convnet_training": Sweep(
            GLYPHS.replace(
                model="convnet",
                model_options=SMALL_CONVNET,
                epochs=25,
                kept_epochs=_kept(25, 20),
            ),
            {"seed": five},
        ),
        "convnet_plain": Sweep(
            convnet.replace(model_options={**SMALL_CONVNET, "batch_norm": False}),
            {"seed": five},
        ),
        "ensemble": Sweep(tiny, {"seed": range(40)}),
        "hyperparameters": Sweep(
            tiny,
            {
                "learning_rate": LEARNING_RATES[4:12],
                "batch_size": (32, 64, 128, 256, 512, 1024),
                "seed": (0,),
            },
        ),
        "resnet50": Sweep(resnet50, {"seed": five}),
    }


def corrupted(
    base: Settings, corruptions: Sequence[float], seeds: Sequence[int]
) -> Sweep:
    """Networks trained on labels of which some are shuffled (figures 1 and 2)."""
    return Sweep(base, {"corruption": corruptions, "seed": seeds})


def dropout(base: Settings, width: int, seeds: Sequence[int]) -> Sweep:
    """Perceptrons with dropout, on true and on fully shuffled labels (figure 5a)."""
    options = [_mlp(width, dropout=share) for share in DROPOUTS]
    return Sweep(
        base.replace(model_options=options[0]),
        {"corruption": (0.0, 1.0), "model_options": options, "seed": seeds},
    )


def _mlp(width: int, **options: Any) -> Mapping[str, Any]:
    """Two hidden layers."""
    return {"widths": [width, width], **options}


def _kept(epochs: int, count: int) -> tuple[int, ...]:
    """Epochs from 1 to the last, dense at first, where most happens."""
    exponents = (i / (count - 1) for i in range(count))
    return tuple(sorted({round(epochs**exponent) for exponent in exponents}))


SCALES = {"full": full, "mini": mini}
