"""Keras callbacks that steer and watch class selectivity, one module a callback."""

from keras_selectivity.callbacks.ablation_auc import AblationAUC
from keras_selectivity.callbacks.ablation_mask import AblationMask
from keras_selectivity.callbacks.alpha_factor import AlphaFactor
from keras_selectivity.callbacks.alpha_scheduler import AlphaScheduler
from keras_selectivity.callbacks.alpha_warmup import AlphaWarmup
from keras_selectivity.callbacks.alpha_window import AlphaWindow
from keras_selectivity.callbacks.class_representation import ClassRepresentation
from keras_selectivity.callbacks.preferred_class_tracker import (
    PreferredClasses,
    PreferredClassTracker,
)
from keras_selectivity.callbacks.selectivity_monitor import SelectivityMonitor
from keras_selectivity.callbacks.training_backup import TrainingBackup

__all__ = [
    "AblationAUC",
    "AblationMask",
    "AlphaFactor",
    "AlphaScheduler",
    "AlphaWarmup",
    "AlphaWindow",
    "ClassRepresentation",
    "PreferredClassTracker",
    "PreferredClasses",
    "SelectivityMonitor",
    "TrainingBackup",
]
