"""Slow, literal NumPy reference of the papers' formulas, loops and all.

Written from LM21 (equations 1 and 4 to 6), G19 section 2 and the rules of
`design.md` ("What the numbers mean"), not from the package.
"""

import math

import numpy as np


def uniform(shape, seed=0, low=0.0, high=1.0):
    """Reproducible float64 data without ties."""
    return np.random.default_rng(seed).uniform(low, high, shape)


def distributions(labels, num_classes):
    """Labels of any form as a list of distributions over the classes."""
    labels = np.asarray(labels)
    rows = np.zeros((len(labels), num_classes))
    for i, label in enumerate(labels):
        if labels.ndim == 2 and labels.shape[1] == num_classes:
            rows[i] = label
        else:
            rows[i, int(np.squeeze(label))] = 1
    return rows


def _weighted_mean(values, weights):
    return math.fsum(
        float(w) * float(v) for v, w in zip(values, weights, strict=True)
    ) / math.fsum(float(w) for w in weights)


def _unit(responses, labels, weights):
    """Class means of one unit: {class: mean} over the classes with samples."""
    means = {}
    for c in range(labels.shape[1]):
        mass = weights * labels[:, c]
        if mass.sum() > 0:
            means[c] = _weighted_mean(responses, mass)
    return means


def _preferred(means):
    best = None
    for c in sorted(means):
        if best is None or means[c] > means[best]:
            best = c
    return best


def _rest_masses(means, labels, weights, rest):
    """Weight of every sample in the noise distribution."""
    masses = np.zeros(len(weights))
    for c in means:
        if c == _preferred(means):
            continue
        mass = weights * labels[:, c]
        masses += mass / mass.sum() if rest == "classes" else mass
    return masses


def _each_unit(value, activations, labels, weights, num_classes):
    activations = np.asarray(activations, "float64")
    if num_classes is None:
        num_classes = np.asarray(labels).shape[1]
    labels = distributions(labels, num_classes)
    weights = np.ones(len(labels)) if weights is None else np.ravel(weights)
    weights = np.asarray(weights, "float64")
    result = np.zeros(activations.shape[1])
    for u in range(activations.shape[1]):
        means = _unit(activations[:, u], labels, weights)
        if len(means) >= 2:
            result[u] = value(u, activations[:, u], means, labels, weights)
    return result


def selectivity(
    activations,
    labels,
    weights=None,
    *,
    num_classes=None,
    rest="classes",
    epsilon=1e-7,
    signed=None,
):
    """SI of every unit; units in `signed` (bools) are counted from their minimum."""

    def value(u, responses, means, labels, weights):
        shift = 0.0
        if signed is not None and signed[u]:
            counted = weights * labels.sum(axis=1) > 0
            shift = min(responses[counted])
        best = means[_preferred(means)] - shift
        masses = _rest_masses(means, labels, weights, rest)
        others = _weighted_mean(responses, masses) - shift
        return (best - others) / (best + others + epsilon)

    return _each_unit(value, activations, labels, weights, num_classes)


def discriminability(
    activations,
    labels,
    weights=None,
    *,
    num_classes=None,
    rest="classes",
    epsilon=1e-7,
):
    """d' of every unit, with population variances, two passes over the samples."""

    def moments(responses, masses):
        mean = _weighted_mean(responses, masses)
        return mean, _weighted_mean((responses - mean) ** 2, masses)

    def value(u, responses, means, labels, weights):
        signal, signal_variance = moments(
            responses, weights * labels[:, _preferred(means)]
        )
        noise, noise_variance = moments(
            responses, _rest_masses(means, labels, weights, rest)
        )
        deviation = math.sqrt((signal_variance + noise_variance) / 2)
        return (signal - noise) / (deviation + epsilon)

    return _each_unit(value, activations, labels, weights, num_classes)
