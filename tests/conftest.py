"""Set-up shared by all tests: seeds, two CPU devices, small data and models."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import pytest
import tensorflow as tf
from sklearn.datasets import load_digits

# TensorFlow enables it by a public name, and disables it by this one alone.
from tensorflow.python.framework.config import disable_op_determinism

# Two logical CPUs in every test, so that none depends on which ran before it.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration()] * 2,
)


def pytest_configure(config):
    # Keras writes weights to HDF5 with NumPy's old array protocol.
    config.addinivalue_line(
        "filterwarnings", "ignore:__array__ implementation:DeprecationWarning"
    )


def pytest_collection_modifyitems(items):
    """Files with slow tests first: none is left when all other workers have ended."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow and item.path.suffix != ".md")


@pytest.fixture(autouse=True)
def seeded():
    """Seed Python, NumPy and TensorFlow, and leave no Keras state behind."""
    keras.utils.set_random_seed(0)
    yield
    keras.config.set_dtype_policy("float32")
    keras.config.set_image_data_format("channels_last")
    # A recipe's training enables it for its process, and Keras then leaves XLA out.
    disable_op_determinism()


@pytest.fixture(scope="session")
def digits():
    """Images (1797, 8, 8, 1) in [0, 1] float32 and labels (1797,) int64."""
    x, y = load_digits(return_X_y=True)
    return (x.reshape(-1, 8, 8, 1) / 16).astype("float32"), y.astype("int64")


@pytest.fixture
def make_cnn():
    """Builder of a small convolutional network for the digits."""
    return build_cnn


def build_cnn(
    classes=10,
    norm=True,
    dropout=0.0,
    kernel_regularizer=None,
    activity_regularizer=None,
    activation=None,
    seed=0,
):
    """Two convolutions and a dense layer: taps `relu_1`, `conv_2`, `dense`."""
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    inputs = keras.Input((8, 8, 1))
    x = layers.Conv2D(6, 3, kernel_regularizer=kernel_regularizer, name="conv_1")(
        inputs
    )
    if norm:
        x = layers.BatchNormalization(momentum=0.9, name="norm")(x)
    x = layers.ReLU(name="relu_1")(x)
    x = layers.Conv2D(8, 3, activation="relu", name="conv_2")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.Dense(
        12,
        activation="relu",
        activity_regularizer=activity_regularizer,
        name="dense",
    )(x)
    if dropout:
        x = layers.Dropout(dropout, seed=1, name="dropout")(x)
    outputs = layers.Dense(classes, activation=activation, name="logits")(x)
    return keras.Model(inputs, outputs, name="cnn")


@pytest.fixture(scope="session")
def two_replicas():
    """One strategy for all tests: the collectives of a second one in the same
    process collide with those of the first."""
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


@pytest.fixture
def served():
    """Start TensorBoard on a folder; a function that asks it for a path."""
    processes = []

    def start(logdir):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(logdir)]
        processes.append(
            subprocess.Popen(
                [*command, "--host", "127.0.0.1", "--port", str(port)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )

        def ask(path, body=None, wanted=bool):
            deadline = time.monotonic() + 90
            while True:
                try:
                    request = urllib.request.Request(
                        f"http://127.0.0.1:{port}/data/plugin/{path}",
                        None if body is None else json.dumps(body).encode(),
                        {"Content-Type": "application/json"},
                    )
                    with urllib.request.urlopen(request, timeout=20) as answer:
                        found = json.load(answer)
                    if wanted(found):
                        return found
                except OSError:
                    found = "no answer"
                if time.monotonic() > deadline:
                    raise AssertionError(f"{path}: {found}")
                time.sleep(0.5)

        return ask

    yield start
    for process in processes:
        process.terminate()
        process.wait()
