"""Accuracy of a small network on glyphs of every difficulty: how hard they are.

Five convolutions of 16 to 64 maps, 8 epochs; 100 classes with 80 training and 20 test
images each, and 10 classes with 200 and 50.

python -m tools.bench_glyphs [DIFFICULTY ...]
"""

import sys

import keras
import numpy as np
from keras import layers

from recipes.glyphs.drawing import DIFFICULTIES
from recipes.glyphs.parallel import images
from recipes.glyphs.worlds import World

EPOCHS = 8
#: Maps and strides of the convolutions.
CONVOLUTIONS = ((16, 1), (32, 2), (32, 1), (64, 2), (64, 1))


def main(names: list[str]) -> None:
    print("| difficulty | classes | training images | training | test |")
    print("| --- | --- | --- | --- | --- |")
    for name in names or list(DIFFICULTIES):
        for classes, train, test, batch_size in ((100, 80, 20, 64), (10, 200, 50, 32)):
            world = World(classes, train, test, held_out=1, difficulty=name)
            shares = " | ".join(f"{a:.1%}" for a in accuracies(world, batch_size))
            print(f"| `{name}` | {classes} | {classes * train:,} | {shares} |")


def accuracies(world: World, batch_size: int) -> list[float]:
    train, test = arrays(world, "train"), arrays(world, "test")
    keras.utils.set_random_seed(0)
    model = network(world)
    steps = EPOCHS * -(-len(train[0]) // batch_size)
    rate = keras.optimizers.schedules.CosineDecay(0.05, steps)
    model.compile(
        keras.optimizers.SGD(rate, momentum=0.9, weight_decay=1e-4),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(*train, batch_size, EPOCHS, verbose=0)
    return [model.evaluate(*part, 512, verbose=0)[1] for part in (train, test)]


def arrays(world: World, split: str) -> tuple[np.ndarray, np.ndarray]:
    labels, _, pixels = zip(*images(world, split, processes=1), strict=True)
    return np.array(pixels, np.float32) / 255, np.array(labels)


def network(world: World) -> keras.Model:
    x = inputs = keras.Input((world.size, world.size, 1))
    for maps, stride in CONVOLUTIONS:
        x = layers.Conv2D(maps, 3, stride, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.ReLU()(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(world.classes)(x))


if __name__ == "__main__":
    main(sys.argv[1:])
