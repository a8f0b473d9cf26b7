"""G19's network, and how one like it is trained: full scale, and in miniature."""

from recipes.runner.settings import Settings
from recipes.runner.sweep import Sweep

#: G19 takes the weights that Caffe ships: `recipes.g19.pretrained` reads them. Without
#: them the network is trained here, as Krizhevsky et al. (2012) did. They divided the
#: rate three times by hand, at epochs that they do not print: these divide the 90
#: epochs evenly.
IMAGENET = Settings(
    data="imagenet2012",
    model="alexnet",
    # The photographs are cut to 224 pixels; AlexNet takes 227.
    model_options={"padding": [1, 2]},
    epochs=90,
    batch_size=128,
    learning_rate=0.01,
    anneal_epochs=(23, 45, 68),
    momentum=0.9,
    weight_decay=5e-4,
    # Theirs were crops of one size, and noise in the principal colors.
    augmentation="inception",
    # They stopped when the validation error did; there is nothing to choose from here.
    select="last",
    measure_every_epoch=False,
)
#: The layers of AlexNet, a quarter as wide, for images of 8x8.
SMALL_ALEXNET = {
    "widths": [24, 64, 96, 96, 64],
    "dense": [64, 64],
    "kernels": [3, 3, 3, 3, 3],
    "stride": 1,
    "pool": 2,
    "start": "he",
}
DIGITS = Settings(
    data="digits",
    model="alexnet",
    model_options=SMALL_ALEXNET,
    epochs=40,
    batch_size=64,
    learning_rate=0.02,
    anneal_epochs=(20, 30),
    momentum=0.9,
    weight_decay=5e-4,
    select="last",
    measure_every_epoch=False,
    deterministic=True,
)


def full() -> dict[str, Sweep]:
    """One AlexNet on ImageNet, as in the paper."""
    return {"alexnet": Sweep(IMAGENET, {"seed": (0,)})}


def mini() -> dict[str, Sweep]:
    """Three small AlexNets on 1,797 digits of 8x8 pixels."""
    return {"alexnet": Sweep(DIGITS, {"seed": (0, 1, 2)})}


SCALES = {"full": full, "mini": mini}
