"""Several machines: real worker processes that talk over the loopback interface."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_selectivity as ks
from keras_selectivity import distribution
from tests import cluster_worker, three_replicas

pytestmark = pytest.mark.slow

# A cluster that hangs is killed after this many seconds.
TIMEOUT = 300


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for taken in sockets:
            taken.bind(("127.0.0.1", 0))
        return [taken.getsockname()[1] for taken in sockets]


@contextlib.contextmanager
def started(job, folder, replicas):
    """Two workers, as processes that are gone when the block ends."""
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    root = Path(cluster_worker.__file__).parent
    workers = []
    try:
        for index in range(2):
            task = {"type": "worker", "index": index}
            config = {"cluster": {"worker": addresses}, "task": task}
            with open(folder / f"{job}{index}.log", "w") as log:
                workers.append(
                    subprocess.Popen(
                        [
                            sys.executable,
                            str(root / "cluster_worker.py"),
                            *(job, str(folder), str(replicas)),
                        ],
                        env={
                            **os.environ,
                            "TF_CONFIG": json.dumps(config),
                            "PYTHONPATH": str(root.parent),
                            "CUDA_VISIBLE_DEVICES": "-1",
                        },
                        stdout=log,
                        stderr=subprocess.STDOUT,
                    )
                )
        yield workers
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


def cluster(job, folder, replicas=1):
    """Run two workers to their end; what each of them found."""
    deadline = time.monotonic() + TIMEOUT
    with started(job, folder, replicas) as workers:
        while any(worker.poll() is None for worker in workers):
            failed = any(worker.poll() for worker in workers)
            if failed or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        codes = [worker.poll() for worker in workers]
    if codes != [0, 0]:
        logs = [(folder / f"{job}{i}.log").read_text()[-3000:] for i in range(2)]
        pytest.fail(f"Workers ended with {codes}:\n" + "\n---\n".join(logs))
    return [
        np.load(folder / f"disk{i}" / f"{job}.npy", allow_pickle=True).item()
        for i in range(2)
    ]


@pytest.fixture(scope="module")
def one_process():
    return cluster_worker.found_by()


@pytest.fixture(scope="module", params=[1, 2])
def workers(request, tmp_path_factory):
    """Folder and findings of a cluster with one or two replicas a worker."""
    folder = tmp_path_factory.mktemp("cluster")
    found = cluster("found", folder, request.param)
    assert [worker["replicas"] for worker in found] == [2 * request.param] * 2
    return folder, found


def leaves(found):
    return keras.tree.flatten(found)


@pytest.mark.parametrize(
    "what",
    [
        "history",
        "weights",
        "dprime_history",
        "dprime_weights",
        "evaluate",
        "predict",
        "si",
        "dprime",
        "precision",
        "preferred",
    ],
)
def test_two_workers_find_what_one_process_finds(workers, one_process, what):
    for worker in workers[1]:
        for a, b in zip(leaves(worker[what]), leaves(one_process[what]), strict=True):
            # Outputs add up what weights of 1e-7 beside each other make of inputs.
            atol = 5e-6 if what == "predict" else 1e-6
            np.testing.assert_allclose(a, b, rtol=2e-6, atol=atol)


def test_workers_agree_bit_for_bit(workers):
    one, other = (leaves(worker["weights"]) for worker in workers[1])
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


def test_only_the_chief_writes(workers):
    folder, found = workers
    assert [worker["chief"] for worker in found] == [True, False]
    assert [worker["workers"] for worker in found] == [2, 2]
    chief = {path.name for path in (folder / "disk0").iterdir()}
    assert chief == {"found.npy", "p.npz", "logs", "chief.keras"}
    assert [p.name for p in (folder / "disk1").iterdir()] == ["found.npy"]
    loaded = keras.saving.load_model(folder / "disk0" / "chief.keras")
    assert loaded.alpha == -1


def test_keras_still_needs_help(workers):
    """Fails when `MultiWorkerModel` is no longer needed."""
    for worker in workers[1]:
        assert worker.get("stock", "not tried") is not None, (
            f"Keras {keras.__version__} trains on several workers by itself: "
            "keras_selectivity/distribution.py can lose `MultiWorkerModel` once "
            "this is the oldest Keras that pyproject.toml admits, and this test "
            "can go (keras issue 20585)."
        )


def test_a_cluster_goes_on_after_a_worker_was_killed(tmp_path, one_process):
    """The workers have no disk in common: what one has comes from the chief."""
    with started("killed", tmp_path, 1) as processes:
        assert processes[1].wait(TIMEOUT) == -9, (tmp_path / "killed1.log").read_text()
        # The other cannot go on alone. What runs the cluster starts it anew.
    restarted = cluster("restarted", tmp_path)
    assert [worker["begins_at"] for worker in restarted] == [1, 0]
    assert [len(worker["history"]["loss"]) for worker in restarted] == [2, 2]
    for worker in restarted:
        for key, values in worker["history"].items():
            if not key.startswith("preferred_class"):
                expected = one_process["history"][key][1:]
                np.testing.assert_allclose(values, expected, rtol=2e-6, atol=1e-6)
        for a, b in zip(worker["weights"], one_process["weights"], strict=True):
            np.testing.assert_allclose(a, b, rtol=2e-6, atol=1e-6)
    tracked = ks.callbacks.PreferredClasses.load(tmp_path / "disk0" / "p.npz")
    assert tracked.epochs.tolist() == [0, 1, 2]


# One machine with several replicas: what `test_model.py` does not check.


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    file = tmp_path_factory.mktemp("replicas") / "found.npy"
    program = Path(three_replicas.__file__)
    done = subprocess.run(
        [sys.executable, str(program), str(file)],
        env={**os.environ, "PYTHONPATH": str(program.parent.parent)},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return np.load(file, allow_pickle=True).item()


@pytest.mark.parametrize("regularizer", ["si", "dprime"])
@pytest.mark.parametrize("case", ["task", "uneven"])
def test_three_replicas_are_one(three, regularizer, case):
    one, found = (three[n, regularizer, case] for n in (1, 3))
    for a, b in zip(found["weights"], one["weights"], strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-6)
    keys = [regularizer] if case == "uneven" else list(one["history"])
    for key in keys:
        np.testing.assert_allclose(
            found["history"][key], one["history"][key], rtol=2e-6, err_msg=key
        )


def unit_values(activations, y, regularizer):
    """The unit values of one replica's samples, as the papers write them."""
    present = sorted(set(y.tolist()))
    values = []
    for unit in range(activations.shape[1]):
        a = tf.cast(activations[:, unit], tf.float64)
        means = [tf.reduce_mean(a[y == c]) for c in present]
        best = int(np.argmax([mean.numpy() for mean in means]))
        rest = [mean for i, mean in enumerate(means) if i != best]
        mean_rest = tf.add_n(rest) / len(rest)
        if regularizer == "si":
            width = means[best] + mean_rest + 1e-7
        else:
            squares = [tf.reduce_mean(a[y == c] ** 2) for c in present]
            others = [square for i, square in enumerate(squares) if i != best]
            variance = squares[best] - means[best] ** 2
            variance_rest = tf.add_n(others) / len(others) - mean_rest**2
            width = tf.sqrt((variance + variance_rest) / 2) + 1e-7
        values.append((means[best] - mean_rest) / width)
    return tf.stack(values)


@pytest.mark.parametrize("regularizer", ["si", "dprime"])
def test_unsynchronized_weights_by_hand(two_replicas, regularizer):
    """The second replica lacks a class in every batch of 24 (12 and 12)."""
    rng = np.random.default_rng(1)
    y = np.array([0, 1, 2] * 4 + [0, 1] * 6 + [1, 2, 0] * 4 + [2, 1] * 6)
    x = (rng.normal(size=(48, 4)) + y[:, None]).astype("float32")

    def build():
        keras.utils.set_random_seed(2)
        return keras.Sequential(
            [
                keras.Input((4,)),
                keras.layers.Dense(8, activation="sigmoid", name="h"),
                keras.layers.Dense(3),
            ]
        )

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    with two_replicas.scope():
        base = build()
        model = ks.SelectivityModel(
            base,
            alpha=-1.0,
            regularizer=regularizer,
            taps=["h"],
            synchronized=False,
        )
        model.compile(keras.optimizers.SGD(0.1), loss)
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(24)
    model.fit(data, epochs=3, shuffle=False, verbose=0)

    by_hand = build()
    for batch in [slice(0, 24), slice(24, 48)] * 3:
        with tf.GradientTape() as tape:
            total = 0.0
            for half in (slice(0, 12), slice(12, 24)):
                xs, ys = x[batch][half], y[batch][half]
                hidden = by_hand.layers[0](xs)
                mu = tf.reduce_mean(unit_values(hidden, ys, regularizer))
                task = loss(ys, by_hand.layers[1](hidden))
                total += (task + tf.cast(mu, tf.float32)) / 2
        weights = by_hand.trainable_weights
        for weight, change in zip(weights, tape.gradient(total, weights), strict=True):
            weight.assign_sub(0.1 * change)
    for a, b in zip(base.get_weights(), by_hand.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-6)


# One process.


def test_one_process_is_its_own_chief(two_replicas):
    for strategy in (None, tf.distribute.get_strategy(), two_replicas):
        assert ks.distribution.is_chief(strategy)
    assert distribution.worker_count(two_replicas) == 1
    assert distribution.from_chief(two_replicas, np.arange(3)).tolist() == [0, 1, 2]
    assert distribution.from_all(two_replicas, np.arange(3)).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("jobs", "task", "expected"),
    [
        ({"worker": 2}, ("worker", 0), True),
        ({"worker": 2}, ("worker", 1), False),
        ({"chief": 1, "worker": 1}, ("chief", 0), True),
        ({"chief": 1, "worker": 1}, ("worker", 0), False),
        ({"worker": 1, "evaluator": 1}, ("evaluator", 0), False),
    ],
)
def test_chief_by_environment(monkeypatch, jobs, task, expected):
    config = {
        "cluster": {job: [f"h{i}:1" for i in range(n)] for job, n in jobs.items()},
        "task": {"type": task[0], "index": task[1]},
    }
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    assert ks.distribution.is_chief() is expected
