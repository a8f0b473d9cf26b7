"""G19's network, and how one like it is trained: full scale, and in miniature."""

from recipes.runner.settings import Settings
from recipes.runner.sweep import Sweep

#: G19 takes the weights that Caffe ships: `recipes.g19.pretrained` reads them. Without
#: them the network is trained here, as Krizhevsky et al. (2012) did. They divided the
#: rate three times by hand, at epochs that they do not print: these divide the 90
#: epochs evenly.
IMAGENET = Settings(
    data="imagenet2012_227",
    model="alexnet",
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
#: The layers of AlexNet, a sixteenth to a sixth as wide, for images of 16x16.
SMALL_ALEXNET = {
    "widths": [16, 32, 48, 48, 32],
    "dense": [256, 256],
    "kernels": [3, 3, 3, 3, 3],
    "stride": 1,
    "pool": 2,
    "start": "he",
}
#: Characters in 200 classes: of 540 images a class some 400 are classified rightly, as
#: many as AlexNet has of 1,200 up to a factor of two.
GLYPHS = Settings(
    data="glyphs200",
    model="alexnet",
    model_options=SMALL_ALEXNET,
    epochs=4,
    batch_size=128,
    learning_rate=0.02,
    anneal_epochs=(3,),
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
    """Five small AlexNets on 108,000 characters of 16x16 pixels."""
    return {"alexnet": Sweep(GLYPHS, {"seed": range(5)})}


SCALES = {"full": full, "mini": mini}
