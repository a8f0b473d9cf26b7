"""Similarities of the layers of one network to those of another."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from keras_selectivity.checks import (
    checked_choice,
    checked_integer,
    checked_names,
    checked_real,
    checked_text,
    received,
)
from keras_selectivity.storage.archive import Archived, checked_array

METHODS = ("cca", "svcca", "pwcca", "cka")


class SimilarityMatrix(Archived):
    """Similarity of every layer of a network to every layer of another.

    Made by `compare`.

    Attributes:
        values: `(rows, columns)` float64, in [0, 1], or in [-1, 1] for a debiased
            CKA. NaN for a pair that was not compared, and for a layer that does not
            vary over the data.
        rows: Names of the layers of the first network, in graph order.
        columns: Names of the layers of the second.
        method: `"cca"`, `"svcca"`, `"pwcca"` or `"cka"`.
        options: What else the method was told, as `{"debiased": False}`.
        spatial: `"mean"` or `"positions"`, see `compare`.
        samples: Number of samples of the data; positions are not counted.
        constant_rows: The layers among `rows` that do not vary over the data.
        constant_columns: The layers among `columns` that do not.

    Raises:
        ValueError: If `values` has another shape than the names give, or numbers out
            of their range, or a name stands twice on one side.

    Example:
        >>> found = SimilarityMatrix([[1.0, 0.5], [0.25, 1.0]], ["a", "b"], ["a", "b"])
        >>> found["a", "b"], found.diagonal, found.distances.tolist()
        (0.5, {'a': 1.0, 'b': 1.0}, [[0.0, 0.5], [0.75, 0.0]])

    Reference:
        R22 figures 5 and 10; LM21 figure 2a.
    """

    file_format: ClassVar[str] = "keras_selectivity similarity matrix"
    remedy: ClassVar[str] = "Compare the networks again"

    def __init__(
        self,
        values: Any,
        rows: Sequence[str],
        columns: Sequence[str],
        method: str = "pwcca",
        *,
        options: Mapping[str, Any] | None = None,
        spatial: str = "mean",
        samples: int = 0,
        constant_rows: Sequence[str] = (),
        constant_columns: Sequence[str] = (),
    ) -> None:
        self.rows = checked_names("rows", rows)
        self.columns = checked_names("columns", columns)
        shape = (len(set(self.rows)), len(set(self.columns)))
        if (len(self.rows), len(self.columns)) != shape:
            raise ValueError(
                "`rows` and `columns` must not name a layer twice. Received: "
                f"rows={self.rows}, columns={self.columns}."
            )
        values = checked_real("values", values, booleans=True)
        if values.ndim == 2 and values.shape != shape:
            raise ValueError(
                "`values` must have a row and a column for each name. Received: shape "
                f"{values.shape} with rows={self.rows}, columns={self.columns}."
            )
        self.values = checked_array(
            "values", values, shape, least=-1, most=1, finite=False
        )
        self.method = checked_choice("method", method, METHODS)
        self.options = dict(options or {})
        self.spatial = checked_text("spatial", spatial)
        self.samples = checked_integer("samples", samples, least=0)
        self.constant_rows = _among("constant_rows", constant_rows, self.rows)
        self.constant_columns = _among(
            "constant_columns", constant_columns, self.columns
        )

    @property
    def distances(self) -> np.ndarray:
        """`(rows, columns)` float64: `1 - values`, the distance of the CCA family."""
        return 1.0 - self.values

    @property
    def diagonal(self) -> dict[str, float]:
        """Similarity of every two layers of the same name, in the order of `rows`."""
        return {name: self[name, name] for name in self.rows if name in self.columns}

    def __getitem__(self, names: tuple[str, str]) -> float:
        """Similarity of a layer of the first network to one of the second.

        Args:
            names: A name of `rows` and a name of `columns`.

        Returns:
            A number.

        Raises:
            KeyError: If there is no such layer.
        """
        row, column = names
        for name, side in ((row, self.rows), (column, self.columns)):
            if name not in side:
                raise KeyError(f"There is no layer {name!r} among {side}.")
        return float(self.values[self.rows.index(row), self.columns.index(column)])

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The matrix as a plain dictionary of arrays."""
        return {"values": self.values}

    def __repr__(self) -> str:
        mean = ""
        if np.any(np.isfinite(self.values)):
            mean = f": mean={np.nanmean(self.values):.4g}"
        return (
            f"<SimilarityMatrix of {len(self.rows)} by {len(self.columns)} layers, "
            f"{self.method}, {self.samples} samples{mean}>"
        )

    def _header(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "columns": self.columns,
            "method": self.method,
            "options": self.options,
            "spatial": self.spatial,
            "samples": self.samples,
            "constant_rows": self.constant_rows,
            "constant_columns": self.constant_columns,
        }

    @classmethod
    def _restored(cls, header: dict[str, Any], arrays: Mapping[str, Any]) -> Self:
        return cls(
            arrays["values"],
            header["rows"],
            header["columns"],
            header["method"],
            options=header["options"],
            spatial=header["spatial"],
            samples=header["samples"],
            constant_rows=header["constant_rows"],
            constant_columns=header["constant_columns"],
        )


def _among(argument: str, chosen: Sequence[str], names: list[str]) -> list[str]:
    if not set(chosen) <= set(names):
        raise ValueError(
            f"`{argument}` must be among {names}. {received(argument, chosen)}"
        )
    return list(chosen)
