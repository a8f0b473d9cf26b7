"""The papers, to be repeated: models, data sets, experiments. Run from a clone."""
