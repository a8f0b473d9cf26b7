"""Selectivity over a data set after every epoch, in logs and in TensorBoard."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import tensorflow as tf

from keras_selectivity import taps as taps_module
from keras_selectivity.callbacks.data_callback import MeasuringCallback
from keras_selectivity.checks import checked_path, received
from keras_selectivity.distribution import is_chief
from keras_selectivity.metrics import UnitMetric
from keras_selectivity.model import SelectivityModel
from keras_selectivity.report import SelectivityReport


class SelectivityMonitor(MeasuringCallback):
    """Measures selectivity over a data set at the end of every epoch.

    Puts into `logs`, where callbacks listed after it, `EarlyStopping` and the
    history see them, for each metric: `val_<metric>` (`val_si`), the mean over the
    network, and `val_<metric>/<layer>` for every tap.

    With `log_dir` it writes for TensorBoard, in the run `<log_dir>/selectivity`
    and with the epoch as step: scalars of the same quantities without `val_`,
    histograms `<metric>_of_units/<layer>` and the `alpha` in force; in
    `<log_dir>` itself, alpha as an HParams hyperparameter. Works with any Keras
    model, a plain baseline too.

    Args:
        data: `(x, y)` arrays or a data set, as `measure` takes them.
        metrics: Measures, as `measure` takes them.
        log_dir: Where TensorBoard looks for runs; None: write nothing.
        taps: Outputs to measure. None: those of the model.
        batch_size: For arrays.
        steps: How many batches to take of data without end; None: all.

    Raises:
        TypeError: If an argument is of a wrong type.
        ValueError: If the data are empty, endless without `steps`, or used up after
            one pass, or no measure has a given name; before the first step, if they
            do not fit the model, a tap does not exist, or `log_dir` cannot be
            written.
        ModuleNotFoundError: If `log_dir` is given and TensorBoard is not
            installed.

    Example:
        >>> import keras, numpy as np
        >>> from keras_selectivity import SelectivityModel
        >>> model = SelectivityModel(keras.Sequential([
        ...     keras.Input((4,)),
        ...     keras.layers.Dense(3, activation="relu", name="hidden"),
        ...     keras.layers.Dense(2, activation="softmax")]))
        >>> model.compile("sgd", "sparse_categorical_crossentropy")
        >>> x, y = np.random.rand(6, 4), np.arange(6) % 2
        >>> monitor = SelectivityMonitor((x, y))
        >>> sorted(model.fit(x, y, verbose=0, callbacks=[monitor]).history)
        ['loss', 'si', 'val_si', 'val_si/hidden']
    """

    of_training: ClassVar[tuple[str, ...]] = (
        *MeasuringCallback.of_training,
        "_writer",
        "report",
    )

    def __init__(
        self,
        data: Any,
        metrics: Sequence[str | UnitMetric] = ("si",),
        log_dir: str | os.PathLike[str] | None = None,
        taps: taps_module.Selection | None = None,
        batch_size: int | None = None,
        steps: int | None = None,
    ) -> None:
        super().__init__(data, metrics, taps, batch_size, steps)
        if log_dir is not None:
            log_dir = checked_path("log_dir", log_dir)
            _require_tensorboard()
        self.log_dir = log_dir
        #: False where something else, such as KerasTuner, writes them for the run.
        self.write_hyperparameters = True
        self.report: SelectivityReport | None = None
        self._writer: Any = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        super().on_train_begin(logs)
        self._close()  # A training that failed has left it open.
        self.report = None
        if self.write_hyperparameters and (log_dir := self._folder) is not None:
            with _writing(log_dir):
                self._write_hyperparameters(log_dir)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        super().on_epoch_begin(epoch, logs)
        if self._writer is None and (log_dir := self._folder) is not None:
            folder = os.path.join(log_dir, "selectivity")
            with _writing(log_dir):
                _take_back(folder, epoch)
                self._writer = tf.summary.create_file_writer(folder)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        report = self.report = self.measure(epoch)
        found: dict[str, float] = {}
        for metric in self.metric_names:
            found[metric] = report.mean(metric)
            for layer, mean in report.layer_means(metric).items():
                found[f"{metric}/{layer}"] = mean
        if logs is not None:
            logs.update({f"val_{key}": value for key, value in found.items()})
        if self._writer is not None:
            self._write(epoch, found, report)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        super().on_train_end(logs)
        self._close()

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    @property
    def _folder(self) -> str | None:
        """Where to write; None where this process writes nothing."""
        if self.log_dir is None or not is_chief(self.model.distribute_strategy):
            return None
        return os.fspath(self.log_dir)

    def _write(
        self, epoch: int, found: dict[str, float], report: SelectivityReport
    ) -> None:
        with self._writer.as_default(epoch):
            for tag, value in found.items():
                tf.summary.scalar(tag, value)
            if isinstance(self.model, SelectivityModel):
                tf.summary.scalar("alpha", self.model.effective_alpha)
            for layer, values in report.items():
                for metric in self.metric_names:
                    tag = f"{metric}_of_units/{layer}"
                    tf.summary.histogram(tag, values[metric])
        self._writer.flush()

    def _write_hyperparameters(self, log_dir: str) -> None:
        if not isinstance(self.model, SelectivityModel):
            return
        from tensorboard.plugins.hparams import api

        values = {
            "alpha": self.model.alpha,
            "regularizer": self.model.regularizer.name,
        }
        metrics = [
            api.Metric(key, group="selectivity", display_name=f"val_{key}")
            for key in self.metric_names
        ]
        # What Keras's own TensorBoard callback writes, where it is used too.
        metrics += [
            api.Metric(f"epoch_{key}", group="validation", display_name=f"val_{key}")
            for key in ("accuracy", "loss")
        ]
        with tf.summary.create_file_writer(log_dir).as_default():
            api.hparams_config([api.HParam(name) for name in values], metrics)
            api.hparams(values)


@contextlib.contextmanager
def _writing(log_dir: str) -> Iterator[None]:
    """Say which argument it is, where a folder cannot be written."""
    try:
        yield
    except (OSError, tf.errors.OpError) as error:
        raise ValueError(
            "`log_dir` must be a folder that can be written. "
            f"{received('log_dir', log_dir)} Name another one."
        ) from error


def _take_back(folder: str, epoch: int) -> None:
    """Have TensorBoard forget what an interrupted training wrote from an epoch on.

    A process that is killed after it wrote an epoch, and before its backup was
    safe, trains that epoch again.
    """
    if not os.path.isdir(folder):
        return
    from tensorboard.compat.proto import event_pb2
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    start = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
    writer = EventFileWriter(folder)
    # TensorBoard takes the first start in a run for no restart.
    for _ in range(2):
        writer.add_event(event_pb2.Event(step=epoch, session_log=start))
    writer.close()


def _require_tensorboard() -> None:
    try:
        import tensorboard  # noqa: F401
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "`log_dir` needs TensorBoard, which TensorFlow no longer brings along: "
            "pip install keras-selectivity[tensorboard]"
        ) from error
