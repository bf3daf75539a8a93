"""Quasi-random points from Optuna."""

import json
import subprocess
import sys

import numpy as np
import pytest

from search.study import quasi_random_points
from search.study.ask import distribution
from spaces import SHALLOW, SPACES, Choice, Float, Int, Space, nuisance_space

SPACE = nuisance_space(SHALLOW.replace(regularization="l1_l2"))


def test_points_lie_in_the_space() -> None:
    for point in quasi_random_points(SPACE, 40, seed=3):
        SPACE.check(point)


def test_points_cover_every_range_more_evenly_than_chance() -> None:
    points = quasi_random_points(SPACE, 33, seed=0)[1:]  # the first is drawn at random
    for name, domain in SPACE.parameters():
        assert isinstance(domain, Float)
        positions = [domain.position(float(point[name])) for point in points]
        counts, _ = np.histogram(positions, bins=8, range=(0, 1))
        assert counts.min() >= 2


def test_a_seed_gives_the_same_points_and_another_seed_others() -> None:
    assert quasi_random_points(SPACE, 8, seed=1) == quasi_random_points(SPACE, 8, seed=1)
    assert quasi_random_points(SPACE, 8, seed=1) != quasi_random_points(SPACE, 8, seed=2)


def test_fewer_points_are_the_first_of_more() -> None:
    assert quasi_random_points(SPACE, 16, seed=1)[:4] == quasi_random_points(SPACE, 4, seed=1)


def test_a_fresh_process_gives_the_same_points() -> None:
    code = (
        "import json; from search.study import quasi_random_points; from spaces import *;"
        "space = nuisance_space(SHALLOW.replace(regularization='l1_l2'));"
        "print(json.dumps(quasi_random_points(space, 8, seed=1)))"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert json.loads(output) == quasi_random_points(SPACE, 8, seed=1)


def test_a_space_with_conditions_is_refused() -> None:
    with pytest.raises(ValueError, match="without conditions"):
        quasi_random_points(SPACES["shallow"], 4, seed=0)


def test_domains_become_optunas_distributions() -> None:
    assert distribution(Int(1, 8, default=2, log=True)) == (
        distribution(Int(1, 8, default=4, log=True))
    )
    space = Space({"width": Choice((50, 100)), "depth": Int(1, 8, default=2)})
    for point in quasi_random_points(space, 10, seed=0):
        space.check(point)
