"""What people say of panels, read from files, and the scores of table 2."""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from keras_selectivity.inference import binomial_standard_error, standard_error
from recipes.claims.table import markdown
from recipes.g19.design import FORM, LAYERS, PANELS, Panel, Preferred

#: Share of "yes" from which on a unit counts as interpretable.
INTERPRETABLE = 0.8
OBJECTS = ("name", "object")
#: The form, once it is filled in.
FILLED = "judgements.csv"
TABLE_2 = (
    "layer",
    "judgements",
    "yes %",
    "units",
    "units with >= 80% yes, %",
    "agreement among humans %",
    "humans = top class %",
    "humans = CCMAS class %",
)
#: Table 2 as printed.
PRINTED = {
    layer: cells.split(" | ")
    for layer, cells in {
        "conv5": "1,332 | 21.7 ± 1.1 | 4.3 ± 1.3 | 89.5 ± 5.7 | 34.1 ± 14.4 | 0",
        "fc6": "10,656 | 21.0 ± 0.4 | 3.1 ± 0.4 | 80.4 ± 4.1 | 23.3 ± 5.9 | 18.9 ± 5.9",
        "fc8": "5,181 | 71.2 ± 0.6 | 59.3 ± 1.6 | 96.5 ± 0.4 | 95.4 ± 0.6 | 94.6 ± 0.7",
    }.items()
}


class Judgement(NamedTuple):
    """What a person says of a panel.

    Attributes:
        participant: Who.
        panel: Of what.
        yes: Whether the images have an object, animal or place in common.
        name: Which; "" for no.
    """

    participant: str
    panel: Panel
    yes: bool
    name: str


class Score(NamedTuple):
    """A number with its standard error, in [0, 1]; NaN where there is none."""

    value: float
    error: float


class LayerScores(NamedTuple):
    """A row of table 2.

    Attributes:
        judgements: How many.
        yes: Share of them that are "yes"; binomial error.
        units: How many were judged.
        interpretable: Share of them with at least 80% "yes"; binomial error.
        agreement: Of those units, the mean share of names that are the unit's most
            frequent one; error over units.
        top_class: The mean share of names that are the top class; error over units.
        ccmas_class: The same of the class of CCMAS.
    """

    judgements: int
    yes: Score
    units: int
    interpretable: Score
    agreement: Score
    top_class: Score
    ccmas_class: Score


def read_judgements(path: Path) -> list[Judgement]:
    """A form that was filled in."""
    found: list[Judgement] = []
    seen: dict[tuple[str, Panel], int] = {}
    for row, cells in _read(path, FORM):
        panel = _panel(path, row, cells)
        participant = _filled(path, row, "participant", cells)
        answer, name = cells["yes"], cells["name"].strip()
        if answer not in ("yes", "no"):
            raise _wrong(path, row, "yes", "`yes` or `no`", answer)
        if (answer == "yes") != bool(name):
            rule = "filled in where `yes` is yes, and empty where it is no"
            raise _wrong(path, row, "name", rule, cells["name"])
        before = seen.setdefault((participant, panel), row)
        if before != row:
            rule = f"a unit that this participant has not judged in row {before}"
            raise _wrong(path, row, "unit", rule, cells["unit"])
        found.append(Judgement(participant, panel, answer == "yes", name))
    return found


def read_panels(path: Path) -> dict[Panel, Preferred]:
    """What the measures prefer in each panel."""
    found: dict[Panel, Preferred] = {}
    for row, cells in _read(path, PANELS):
        panel = _panel(path, row, cells)
        if panel in found:
            raise _wrong(path, row, "unit", "a unit only once", cells["unit"])
        names = [_filled(path, row, name, cells) for name in PANELS[2:]]
        found[panel] = Preferred(*names)
    return found


def read_objects(path: Path) -> dict[str, str]:
    """Which names stand for one rough object: "beer", "glass" and "drink" in G19."""
    found: dict[str, str] = {}
    for row, cells in _read(path, OBJECTS):
        name, chosen = (_plain(_filled(path, row, column, cells)) for column in OBJECTS)
        if found.setdefault(name, chosen) != chosen:
            raise _wrong(path, row, "object", f"{found[name]!r} as before", chosen)
    return found


def scores(
    judgements: Sequence[Judgement],
    preferred: Mapping[Panel, Preferred] | None = None,
    objects: Mapping[str, str] | None = None,
) -> dict[str, LayerScores]:
    """The scores of table 2.

    The paper's errors of the first two columns are binomial. It does not say what its
    last three columns are shares of, nor what their errors are: here each is the mean
    over units, with the standard error over units.

    Args:
        preferred: Classes of each panel; None: the last two columns are empty.

    Reference:
        G19 table 2, appendix A1.
    """
    if not judgements:
        raise ValueError("`judgements` must hold at least one. Received: none.")
    by_panel = _by_panel(judgements)
    unknown = [panel for panel in by_panel if preferred and panel not in preferred]
    if unknown:
        layer, unit = unknown[0]
        raise ValueError(
            f"`preferred` must hold every panel that was judged. {layer}.{unit} is not "
            "there: is it the survey of another network?"
        )
    meant = _Meaning(objects or {})
    layers = dict.fromkeys(panel.layer for panel in by_panel)
    return {
        layer: _layer_scores(
            {p: ones for p, ones in by_panel.items() if p.layer == layer},
            preferred,
            meant,
        )
        for layer in sorted(layers, key=LAYERS.index)
    }


def surveyed(folder: Path) -> dict[str, LayerScores]:
    """The scores of a survey whose form was filled in."""
    form, objects = folder / FILLED, folder / "objects.csv"
    if not form.exists():
        return {}
    return scores(
        read_judgements(form),
        read_panels(folder / "panels.csv"),
        read_objects(objects) if objects.exists() else None,
    )


def interpretable(folder: Path) -> list[Panel]:
    """The panels of a survey in which 80% or more see something."""
    by_panel = _by_panel(read_judgements(folder / FILLED))
    return [panel for panel, ones in by_panel.items() if _is_interpretable(ones)]


def table_2(found: Mapping[str, LayerScores]) -> str:
    """The scores in Markdown, the paper's in brackets."""
    rows = []
    for layer, row in found.items():
        paper = PRINTED[layer]
        scores = (
            row.yes,
            row.interpretable,
            row.agreement,
            row.top_class,
            row.ccmas_class,
        )
        yes, *shares = (
            f"{_percent(score)} ({printed})"
            for score, printed in zip(scores, paper[1:], strict=True)
        )
        judged = f"{row.judgements} ({paper[0]})"
        rows.append([layer, judged, yes, str(row.units), *shares])
    return (
        "Judgements of images that drive units: value ± standard error. In brackets: "
        f"the paper, AlexNet on ImageNet.\n\n{markdown(TABLE_2, rows)}"
    )


class _Meaning:
    """Which object a name stands for."""

    def __init__(self, objects: Mapping[str, str]) -> None:
        self.objects = {_plain(name): _plain(one) for name, one in objects.items()}

    def __call__(self, name: str) -> str:
        return self.objects.get(_plain(name), _plain(name))


def _by_panel(judgements: Iterable[Judgement]) -> dict[Panel, list[Judgement]]:
    found: dict[Panel, list[Judgement]] = defaultdict(list)
    for one in judgements:
        found[one.panel].append(one)
    return found


def _is_interpretable(ones: Sequence[Judgement]) -> bool:
    # In whole numbers: 4 of 5 are 80%, whatever the rounding.
    return 100 * sum(one.yes for one in ones) >= 100 * INTERPRETABLE * len(ones)


def _layer_scores(
    by_panel: Mapping[Panel, Sequence[Judgement]],
    preferred: Mapping[Panel, Preferred] | None,
    meant: Callable[[str], str],
) -> LayerScores:
    every = [one for ones in by_panel.values() for one in ones]
    named = {
        panel: [meant(one.name) for one in ones if one.yes]
        for panel, ones in by_panel.items()
        if _is_interpretable(ones)
    }

    def classes(column: int) -> Score:
        if preferred is None:
            return Score(np.nan, np.nan)
        return _over_units(
            names.count(meant(preferred[panel][column])) / len(names)
            for panel, names in named.items()
        )

    return LayerScores(
        len(every),
        _binomial(sum(one.yes for one in every), len(every)),
        len(by_panel),
        _binomial(len(named), len(by_panel)),
        _over_units(
            Counter(names).most_common(1)[0][1] / len(names) for names in named.values()
        ),
        classes(0),
        classes(1),
    )


def _binomial(successes: int, count: int) -> Score:
    share = successes / count
    return Score(share, float(binomial_standard_error(share, count)))


def _over_units(shares: Iterable[float]) -> Score:
    values = list(shares)
    if not values:
        return Score(np.nan, np.nan)
    return Score(float(np.mean(values)), standard_error(values))


def _percent(score: Score) -> str:
    if np.isnan(score.value):
        return "-"
    if np.isnan(score.error):
        return f"{100 * score.value:.1f}"
    return f"{100 * score.value:.1f} ± {100 * score.error:.1f}"


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def _read(path: Path, header: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """Number (the header's is 1) and cells of every row."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file)
        columns = next(reader, [])
        if columns != list(header):
            raise ValueError(
                f"{path}: the first row must name the columns {', '.join(header)}. "
                f"Received: {', '.join(columns) or 'nothing'}."
            )
        rows = []
        for number, cells in enumerate(reader, start=2):
            if len(cells) != len(header):
                raise ValueError(
                    f"{path}, row {number}: must have {len(header)} columns. Received: "
                    f"{len(cells)}."
                )
            rows.append((number, dict(zip(header, cells, strict=True))))
    if not rows:
        raise ValueError(f"{path}: must have a row below the header. Received: none.")
    return rows


def _panel(path: Path, row: int, cells: Mapping[str, str]) -> Panel:
    if cells["layer"] not in LAYERS:
        raise _wrong(path, row, "layer", f"one of {', '.join(LAYERS)}", cells["layer"])
    if not re.fullmatch(r"\d{1,9}", cells["unit"], re.ASCII):
        raise _wrong(path, row, "unit", "a whole number from 0 on", cells["unit"])
    return Panel(cells["layer"], int(cells["unit"]))


def _filled(path: Path, row: int, column: str, cells: Mapping[str, str]) -> str:
    if not cells[column].strip():
        raise _wrong(path, row, column, "filled in", cells[column])
    return cells[column].strip()


def _wrong(path: Path, row: int, column: str, rule: str, received: str) -> ValueError:
    return ValueError(
        f"{path}, row {row}, column `{column}`: must be {rule}. Received: {received!r}."
    )
