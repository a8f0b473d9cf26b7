"""Every figure as a function of results. Needs matplotlib."""

from keras_selectivity.plots.sweep import plot_sweep

__all__ = ["plot_sweep"]
