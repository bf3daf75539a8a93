import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spaces import SPACES, Choice, Domain, Float, Int, Space
from spaces.extension import check_extends
from tests.strategies import points

RATE = Float(1e-3, 0.1, default=0.01, log=True)
MOMENTUM = Float(0.8, 0.95, default=0.9)
STORED = Space(
    {"optimizer": Choice(("nag", "sgd")), "depth": Int(1, 8, default=2)},
    {"optimizer": {"nag": Space({"learning_rate": RATE, "momentum": MOMENTUM})}},
)
WIDER = Space(
    {"depth": Int(1, 9, default=3), "optimizer": Choice(("adam", "sgd", "nag"))},
    {
        "optimizer": {
            "adam": Space({"learning_rate": RATE}),
            "nag": Space(
                {"momentum": MOMENTUM, "learning_rate": Float(1e-4, 1.0, default=0.1, log=True)}
            ),
        }
    },
)


def changed(
    nag: Mapping[str, Domain] | None = None, sgd: Space | None = None, **domains: Domain
) -> Space:
    under = {"learning_rate": RATE, "momentum": MOMENTUM} if nag is None else nag
    conditions: dict[str | int, Space] = {"nag": Space(under)}
    if sgd is not None:
        conditions["sgd"] = sgd
    return Space({**STORED.domains, **domains}, {"optimizer": conditions})


@pytest.mark.parametrize(
    ("stored", "new"),
    [
        (STORED, STORED),
        (STORED, WIDER),
        *((SPACES[name.removesuffix("_full")], SPACES[name]) for name in SPACES),
    ],
)
@given(data=st.data())
def test_every_stored_point_is_a_point_of_an_extension(
    data: st.DataObject, stored: Space, new: Space
) -> None:
    check_extends(stored, new)
    new.check(data.draw(points(stored)))


@pytest.mark.parametrize(
    ("new", "message"),
    [
        (
            Space({"depth": STORED.domains["depth"]}),
            "optimizer must stay: there are trials with it; received a space without",
        ),
        (
            changed({"learning_rate": RATE}),
            "nag.momentum must stay: there are trials with it; received a space without",
        ),
        (
            Space({**STORED.domains, "optimizer": Choice(("sgd", "adam"))}),
            (
                "optimizer must keep the option 'nag': there may be trials with it; "
                "received one of sgd, adam"
            ),
        ),
        (
            changed({"learning_rate": RATE, "momentum": Float(0.85, 0.95, default=0.9)}),
            (
                "nag.momentum must contain 0.8 to 0.95: there may be trials all over it; "
                "received 0.85 to 0.95"
            ),
        ),
        (
            changed(depth=Int(1, 7, default=2)),
            "depth must contain 1 to 8: there may be trials all over it; received 1 to 7",
        ),
        (
            changed(depth=Choice((1, 2))),
            (
                "depth must stay of its kind, whole numbers on a linear scale: there are trials of "
                "it; received a choice"
            ),
        ),
        (
            changed(depth=Int(1, 8, default=2, log=True)),
            (
                "depth must stay of its kind, whole numbers on a linear scale: there are trials of "
                "it; received whole numbers on a logarithmic scale"
            ),
        ),
        (
            changed(depth=Float(1, 8, default=2)),
            (
                "depth must stay of its kind, whole numbers on a linear scale: there are trials of "
                "it; received real numbers on a linear scale"
            ),
        ),
        (
            changed(width=Choice((50, 100))),
            (
                "width must come with an option that is new: there are trials without it; "
                "received one of 50, 100"
            ),
        ),
        (
            changed(sgd=Space({"learning_rate": RATE})),
            (
                "sgd.learning_rate must come with an option that is new: there are trials "
                "without it; received 0.001 to 0.1 (log scale)"
            ),
        ),
    ],
)
def test_what_stored_trials_do_not_fit_is_refused(new: Space, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        check_extends(STORED, new)
