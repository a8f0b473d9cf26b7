"""No damaged file is read as a good one, whatever its kind."""

import pytest

from tools import check_damage
from tools.check_damage import FINISHED, HARMLESS, NOTICED, UNFINISHED, WRONG


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    return check_damage.kinds(tmp_path_factory.mktemp("damage"))


@pytest.mark.parametrize(
    "name",
    [
        *("report", "ablation curve", "noise curve", "single-unit ablation"),
        *("similarity matrix", "upper bound", "maximized images", "preferred classes"),
        *("progress", "training backup", "tracker's file"),
        *("analysis JSON", "analysis archive"),
        *(f"stopped run: {name}" for name in UNFINISHED),
        *(f"finished run: {name}" for name in FINISHED),
        "weights as they are loaded",
    ],
)
def test_damage_is_noticed_or_harmless(kinds, name):
    found = check_damage.outcomes(kinds[name], flips=40)
    assert sum(found["flipped", outcome] for outcome in (NOTICED, HARMLESS)) == 40
    # The rest are bits that say nothing, such as a date.
    assert found["flipped", NOTICED] > 20
    assert found["empty", NOTICED] == 1
    assert found["swapped", NOTICED] == len(kinds[name].others)
    assert {outcome for _, outcome in found} <= {NOTICED, HARMLESS}


def test_the_check_sees_what_is_read_as_good(kinds):
    kind = kinds["report"]
    content = kind.path.read_bytes()
    # Of what is read only a part that the damage does not reach, and all that is.
    careless = kind._replace(read=lambda: kind.path.read_bytes()[:200])
    found = check_damage.outcomes(careless, flips=40)
    assert found["flipped", WRONG] > 0 and found["empty", WRONG] == 1
    assert kind.path.read_bytes() == content
