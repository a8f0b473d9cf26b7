"""Tiny ImageNet for TensorFlow Datasets, which has it not."""
