"""How alike representations of the same samples are: of arrays, and of networks."""

from keras_selectivity.similarity.canonical import CanonicalSimilarity
from keras_selectivity.similarity.cca import cca, cca_from_covariances
from keras_selectivity.similarity.cka import cka, cka_from_covariances
from keras_selectivity.similarity.compare import compare
from keras_selectivity.similarity.covariances import (
    Covariances,
    CovarianceStream,
    covariances,
)
from keras_selectivity.similarity.matrix import SimilarityMatrix
from keras_selectivity.similarity.minibatch import minibatch_cka
from keras_selectivity.similarity.observed import activations_of
from keras_selectivity.similarity.pwcca import pwcca, pwcca_from_covariances
from keras_selectivity.similarity.replicates import ReplicateDistances, replicates
from keras_selectivity.similarity.svcca import svcca, svcca_from_covariances

__all__ = [
    "CanonicalSimilarity",
    "CovarianceStream",
    "Covariances",
    "ReplicateDistances",
    "SimilarityMatrix",
    "activations_of",
    "cca",
    "cca_from_covariances",
    "cka",
    "cka_from_covariances",
    "compare",
    "covariances",
    "minibatch_cka",
    "pwcca",
    "pwcca_from_covariances",
    "replicates",
    "svcca",
    "svcca_from_covariances",
]
