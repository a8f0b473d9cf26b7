"""Every figure as a function of results. Needs matplotlib."""

from keras_selectivity.plots.ablation import plot_ablation
from keras_selectivity.plots.agreement import plot_agreement
from keras_selectivity.plots.auc import plot_auc
from keras_selectivity.plots.depth import plot_depth
from keras_selectivity.plots.distribution import plot_distribution
from keras_selectivity.plots.importance import plot_importance
from keras_selectivity.plots.jitter import plot_jitter
from keras_selectivity.plots.noise import plot_noise
from keras_selectivity.plots.sweep import plot_sweep
from keras_selectivity.plots.top_images import plot_top_images

__all__ = [
    "plot_ablation",
    "plot_agreement",
    "plot_auc",
    "plot_depth",
    "plot_distribution",
    "plot_importance",
    "plot_jitter",
    "plot_noise",
    "plot_sweep",
    "plot_top_images",
]
