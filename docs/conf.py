"""Sphinx configuration: `make docs`."""

import keras_selectivity

project = "keras_selectivity"
author = "The keras_selectivity authors"
project_copyright = "2026, The keras_selectivity authors"
release = version = keras_selectivity.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
exclude_patterns = ["_build"]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_default_options = {"members": True, "show-inheritance": True}
# A method that only takes a base class's place is documented there, by Keras.
autodoc_inherit_docstrings = False
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "signature"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
# "Reference:" is the section where a docstring names its paper.
napoleon_custom_sections = ["Reference"]
# Docstrings write code in single backquotes, as Markdown does.
default_role = "code"

html_theme = "furo"
html_title = f"keras_selectivity {release}"
