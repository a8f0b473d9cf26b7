"""Rendered characters: a data set of as many classes and images as are wanted."""
