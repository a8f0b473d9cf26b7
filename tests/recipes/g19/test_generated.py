"""Figure A4 of the paper is reproduced: its numbers, case by case."""

import numpy as np
import pytest

from recipes.claims.verdicts import HELD
from recipes.g19.claims import generated_claims
from recipes.g19.figures.examples import generated
from recipes.g19.generated import as_printed, cases, labels, scores

# W7, W8 and W9 of the catalogue; 11%: of 999 items at 0 that tie for 99 places, 99 are
# of the class.
EXPECTED = {
    "A4a": (1.0, (1 + 99 * 99 / 999) / 100, 0.01, False),
    "A4b": (1.0, 1.0, 1.0, True),
    "A4c": (0.1 / 1.7, 1.0, 1.0, True),
}


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.row)
def test_measures_are_those_of_the_paper(case):
    ccmas, precision, top_class, localist = EXPECTED[case.row]
    found = scores(case.responses)
    assert found.ccmas == pytest.approx(ccmas, rel=1e-9)
    assert found.precision == pytest.approx(precision, rel=1e-9)
    assert found.top_class == pytest.approx(top_class, rel=1e-9)
    assert found.localist_on is localist
    assert as_printed(case)


def test_printed_numbers():
    printed = [tuple(case.printed.values()) for case in cases()]
    assert printed == [(1, 0.11, 0.01), (1, 1, 1), (0.06, 1, 1)]


def test_units_are_as_the_paper_describes_them():
    one, grandmother, high = (case.responses for case in cases())
    classes = labels()
    assert len(classes) == 1000
    assert np.flatnonzero(one).tolist() == [0]
    assert set(grandmother[classes == 0]) == {1.0}
    assert not grandmother[classes != 0].any()
    gap = high[classes == 0].min() - high[classes != 0].max()
    assert gap == pytest.approx(0.1)


def test_another_unit_is_not_as_printed():
    case = cases()[1]
    assert not as_printed(case._replace(responses=cases()[0].responses))


def test_a_claim_for_each():
    found = list(generated_claims())
    assert [claim.rows for claim in found] == ["FA4a", "FA4b", "FA4c"]
    assert {claim.verdict for claim in found} == {HELD}
    assert "precision 10.81%" in found[0].found


def test_the_figure_shows_the_numbers():
    titles = [axes.get_title() for axes in generated().axes]
    assert ["CCMAS 1, precision 11%, TCS 1%" in titles[0]] == [True]
    assert "CCMAS 1, precision 100%, TCS 100%" in titles[1]
    assert "CCMAS 0.059, precision 100%, TCS 100%" in titles[2]
    own = generated().axes[0].collections[1].get_offsets()
    assert len(own) == 100
