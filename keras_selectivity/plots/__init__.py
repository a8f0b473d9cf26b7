"""Every figure as a function of results. Needs matplotlib.

Results come alike everywhere: one; a list, with a line for each item; or a mapping of
label to it. An item may be a list of results that belong together, as of replicates.
Each function makes a figure of its own, or draws into the axes that it is given, and
returns the figure. `plots.draw` has what the figures are made of, `plots.colors` their
colors.
"""

from keras_selectivity.plots.ablation import plot_ablation
from keras_selectivity.plots.agreement import plot_agreement
from keras_selectivity.plots.auc import plot_auc
from keras_selectivity.plots.depth import plot_depth
from keras_selectivity.plots.distribution import plot_distribution
from keras_selectivity.plots.importance import plot_importance
from keras_selectivity.plots.jitter import plot_jitter
from keras_selectivity.plots.maximization import plot_maximized
from keras_selectivity.plots.noise import plot_noise
from keras_selectivity.plots.replicates import plot_distance_ratio, plot_replicates
from keras_selectivity.plots.similarity import (
    plot_similarity,
    plot_similarity_through_training,
)
from keras_selectivity.plots.sweep import plot_sweep
from keras_selectivity.plots.top_images import plot_top_images
from keras_selectivity.plots.upper_bound import (
    plot_upper_bound,
    plot_upper_bound_by_layer,
)

__all__ = [
    "plot_ablation",
    "plot_agreement",
    "plot_auc",
    "plot_depth",
    "plot_distance_ratio",
    "plot_distribution",
    "plot_importance",
    "plot_jitter",
    "plot_maximized",
    "plot_noise",
    "plot_replicates",
    "plot_similarity",
    "plot_similarity_through_training",
    "plot_sweep",
    "plot_top_images",
    "plot_upper_bound",
    "plot_upper_bound_by_layer",
]
