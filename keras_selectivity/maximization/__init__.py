"""Images that drive a unit or a class, by gradient ascent in the Fourier basis."""

from keras_selectivity.maximization.maximize import Maximizer, maximize
from keras_selectivity.maximization.maximized import Maximized
from keras_selectivity.maximization.transformations import Transformations

__all__ = ["Maximized", "Maximizer", "Transformations", "maximize"]
