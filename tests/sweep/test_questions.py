"""Sweeps that ask for more than single factors: blocks, recipes, combinations and depths."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from search.data import Dataset
from search.errors import SettingsChangedError
from search.settings import Settings
from search.study import Store
from search.sweep import folder
from search.sweep.arms import COMBINATION, DEFAULT, Arm
from search.sweep.records import SweepReport
from search.sweep.reporting import load_report
from search.sweep.run import open_sweep
from search.verdict import FactorVerdict, Verdict
from spaces import RECIPES, SHALLOW, Recipe

SMALL = Settings(
    name="s", pilot_trials=4, lanes=1, replicates=16, factors=("normalization", "optimizer")
)
WHOLE = dataclasses.replace(SMALL, factors=("block", "recipe"))
Run = Callable[..., SweepReport]


def two_are_beaten(recipe: Recipe) -> float:
    """Batch normalization and Adam are each better, and both are best."""
    return 0.3 - 0.1 * (recipe.normalization == "batch") - 0.1 * (recipe.optimizer == "adam")


@pytest.fixture
def run(digits: Dataset, tmp_path: Path) -> Run:
    def run(
        train: Any, settings: Settings = SMALL, home: Path = tmp_path, arms: tuple[Arm, ...] = ()
    ) -> SweepReport:
        with open_sweep(settings, digits, home, arms=arms) as sweep:
            sweep.run(train, clock=lambda: train.now)
            return sweep.report()

    return run


def found(report: SweepReport) -> dict[str, Any]:
    """The report's JSON without its times."""
    times = ("seconds", "compile_seconds")
    return {key: value for key, value in report.to_dict().items() if key not in times}


def verdict_on(report: SweepReport, factor: str, depth: int | None = None) -> FactorVerdict:
    (one,) = (f for f in report.factors if (f.factor, f.depth) == (factor, depth))
    return one


def test_blocks_and_recipes_stand_in_the_same_table_with_the_same_statistics(
    run: Run, fake: Any
) -> None:
    report = run(fake(effect=lambda r: 0.2 * (r.activation == "elu")), WHOLE)
    block, recipe = verdict_on(report, "block"), verdict_on(report, "recipe")
    assert (block.default, recipe.default) == ("he_normal+elu+none", "shallow")
    assert block.beaten_by == ("he_normal+swish+batch", "lecun_normal+selu+none")
    assert recipe.beaten_by == ("deep", "self_normalizing")
    assert report.terms.comparisons == 2 + 2 + 2
    assert all(c.replicates == 16 for f in report.factors for c in f.comparisons)


def test_a_recipe_and_a_block_that_are_one_are_trained_once(run: Run, fake: Any) -> None:
    """The guideline's recipes differ in their blocks alone."""
    both, one = fake(), fake()
    report = run(both, WHOLE)
    alone = run(one, dataclasses.replace(WHOLE, name="alone", factors=("recipe",)))
    assert len(both.trained) == len(one.trained) == alone.trainings
    block, recipe = report.factors
    assert [c.difference for c in block.comparisons] == [c.difference for c in recipe.comparisons]


def test_a_recipe_brings_its_own_nuisance_space(run: Run, fake: Any, tmp_path: Path) -> None:
    run(fake(), dataclasses.replace(WHOLE, factors=("recipe",)))
    store = Store(folder.folder_of(tmp_path, "s"))
    for name in ("deep", "self_normalizing"):
        records = store.records(f"pilot/recipe={name}")
        assert len(records) >= WHOLE.pilot_trials
        assert all(record.recipe["activation"] == RECIPES[name].activation for record in records)


def test_beaten_factors_are_combined_on_fresh_replicates(
    run: Run, fake: Any, tmp_path: Path
) -> None:
    train = fake(effect=two_are_beaten)
    report = run(train)
    together = verdict_on(report, COMBINATION)
    assert together.default == "shallow"
    assert together.beaten_by == ("batch+adam",)
    assert report.terms.comparisons == 1 + 2 + 2  # its slot was reserved beforehand
    store = Store(folder.folder_of(tmp_path, "s"))
    for arm in ("combination=batch+adam", "combination=shallow"):
        assert len(store.records(f"confirm/{arm}")) == 16
        assert len(store.records(f"pilot/{arm}")) >= SMALL.pilot_trials
    fresh = [m for m in train.trained if m.recipe.normalization == "batch"]
    both = {m.seeds.init for m in fresh if m.recipe.optimizer == "adam"}
    assert not both & {m.seeds.init for m in fresh if m.recipe.optimizer == "nag"}


def test_a_combination_and_its_default_are_paired(run: Run, fake: Any) -> None:
    train = fake(effect=two_are_beaten)
    run(train)
    members = train.trained[-2 * 16 - 1 : -1]
    seeds: dict[Any, set[str]] = {}
    for member in members:
        seeds.setdefault(member.seeds, set()).add(member.recipe.optimizer)
    assert list(seeds.values()) == [{"nag", "adam"}] * 16


def test_one_beaten_factor_needs_no_combination(run: Run, fake: Any) -> None:
    report = run(fake(effect=lambda r: 0.2 * (r.normalization == "none")))
    assert [factor.factor for factor in report.factors] == ["normalization", "optimizer"]


def test_nothing_is_combined_while_a_factor_is_open(run: Run, fake: Any) -> None:
    def close(recipe: Recipe) -> float:
        return two_are_beaten(recipe) - 0.012 * (recipe.activation == "relu")

    factors = ("activation", *SMALL.checked_factors)
    report = run(fake(effect=close), dataclasses.replace(SMALL, factors=factors))
    assert verdict_on(report, "activation").verdict is Verdict.UNDECIDED
    assert COMBINATION not in [factor.factor for factor in report.factors]


def test_what_is_settled_later_is_combined_then(run: Run, fake: Any, tmp_path: Path) -> None:
    def close(recipe: Recipe) -> float:
        return two_are_beaten(recipe) - 0.006 * (recipe.activation == "relu")

    settings = dataclasses.replace(SMALL, factors=("activation", *SMALL.checked_factors))
    early = run(fake(effect=close), settings)
    assert verdict_on(early, "activation").verdict is Verdict.UNDECIDED
    later = run(fake(effect=close), dataclasses.replace(settings, replicates=64))
    assert verdict_on(later, "activation").verdict is not Verdict.UNDECIDED
    assert verdict_on(later, COMBINATION).beaten_by == ("batch+adam",)
    at_once = dataclasses.replace(settings, replicates=64)
    same = found(run(fake(effect=close), at_once, home=tmp_path / "at once"))
    # Two final models: the default was the best recipe known until then.
    assert later.trainings == same.pop("trainings") + 1
    assert same.pop("trials")["complete"] == later.complete - 1
    assert same.items() <= found(later).items()


def test_a_level_that_is_decided_trains_no_more(run: Run, fake: Any, tmp_path: Path) -> None:
    def effect(recipe: Recipe) -> float:
        return 0.2 * (recipe.normalization == "batch") - 0.006 * (recipe.optimizer == "adam")

    report = run(fake(effect=effect), dataclasses.replace(SMALL, replicates=48))
    (batch,) = verdict_on(report, "normalization").comparisons
    adam = verdict_on(report, "optimizer").comparisons[-1]
    assert batch.replicates == 16 < adam.replicates
    store = Store(folder.folder_of(tmp_path, "s"))
    assert len(store.records("confirm/normalization=batch")) == 16
    assert len(store.records("confirm/default")) == adam.replicates


@pytest.mark.parametrize("trainings_left", [1, 20, 35, 39, 60])
def test_an_interrupted_combination_goes_on_to_the_same_report(
    run: Run, fake: Any, tmp_path: Path, trainings_left: int
) -> None:
    whole = run(fake(effect=two_are_beaten), home=tmp_path / "whole")
    stop_after = whole.trainings - trainings_left
    with pytest.raises(KeyboardInterrupt):
        run(fake(effect=two_are_beaten, stop_after=stop_after), home=tmp_path / "torn")
    assert load_report("s", tmp_path / "torn").state == "interrupted"
    rest = fake(effect=two_are_beaten)
    assert found(run(rest, home=tmp_path / "torn")) == found(whole)
    assert len(rest.trained) == trainings_left
    assert found(load_report("s", tmp_path / "torn")) == found(whole)


def test_depths_stand_side_by_side_with_a_default_each(run: Run, fake: Any, tmp_path: Path) -> None:
    settings = dataclasses.replace(SMALL, depth=(2, 20))
    train = fake(effect=lambda r: 0.2 * ((r.normalization == "batch") == (r.depth == 2)))
    report = run(train, settings)
    assert [(f.depth, f.factor) for f in report.factors] == [
        (2, "normalization"),
        (2, "optimizer"),
        (20, "normalization"),
        (20, "optimizer"),
    ]
    assert verdict_on(report, "normalization", 2).verdict is Verdict.HOLDS_BETTER
    assert verdict_on(report, "normalization", 20).verdict is Verdict.BEATEN
    assert report.terms.comparisons == 2 * 3 + 3  # a slot for each depth's combination
    assert report.conditions["depth"] == [2, 20]
    assert load_report("s", tmp_path).to_dict() == report.to_dict()
    store = Store(folder.folder_of(tmp_path, "s"))
    for depth in (2, 20):
        (record, *_) = store.records(f"confirm/default@{depth}")
        assert record.depth == record.recipe["depth"] == depth


def test_depths_share_the_splits_and_seeds_of_a_replicate(run: Run, fake: Any) -> None:
    train = fake()
    run(train, dataclasses.replace(SMALL, depth=(2, 20)))
    used = {
        depth: [(m.seeds, id(m.split)) for m in train.trained[:-1] if m.recipe.depth == depth]
        for depth in (2, 20)
    }
    assert used[2] == used[20]


def test_each_depth_combines_what_beats_its_own_default(run: Run, fake: Any) -> None:
    def effect(recipe: Recipe) -> float:
        return two_are_beaten(recipe) if recipe.depth == 20 else 0.0

    report = run(fake(effect=effect), dataclasses.replace(SMALL, depth=(2, 20)))
    combined = [(f.factor, f.depth) for f in report.factors if f.factor == COMBINATION]
    assert combined == [(COMBINATION, 20)]


def test_one_depth_given_as_a_list_is_the_sweep_of_one_depth(run: Run, fake: Any) -> None:
    before = run(fake(), dataclasses.replace(SMALL, depth=3))
    again = fake()
    assert run(again, dataclasses.replace(SMALL, depth=(3,))).to_dict() == before.to_dict()
    assert again.trained == []


def test_what_looks_saw_of_each_arm_says_its_depth(run: Run, fake: Any) -> None:
    report = run(fake(effect=two_are_beaten), dataclasses.replace(SMALL, depth=(2, 4)))
    arms = [(e.depth, e.factor, e.level) for e in report.evidence]
    assert len(set(arms)) == len(arms) == 2 * (1 + 3 + 2)
    for factor in report.factors:
        for comparison in factor.comparisons:
            assert (factor.depth, factor.factor, comparison.level) in arms


def given_arms() -> tuple[Arm, ...]:
    """One recipe under three names, each with replicates of its own."""
    twins = (Arm("twin", name, SHALLOW, stream=(name,)) for name in ("first", "second"))
    return (Arm(DEFAULT, "shallow", SHALLOW), *twins)


def test_arms_may_be_given_and_are_read_back(run: Run, fake: Any, tmp_path: Path) -> None:
    report = run(fake(), arms=given_arms())
    (factor,) = report.factors
    assert (factor.factor, factor.default) == ("twin", "shallow")
    assert report.terms.comparisons == 2 + 2
    assert len({0.0, *(c.difference for c in factor.comparisons)}) == 3  # fresh replicates each
    assert load_report("s", tmp_path).to_dict() == report.to_dict()
    again = fake()
    assert run(again, arms=given_arms()).to_dict() == report.to_dict()
    assert again.trained == []


def test_other_arms_under_the_same_name_are_refused(run: Run, fake: Any) -> None:
    run(fake(), arms=given_arms())
    with pytest.raises(SettingsChangedError, match=r"were given as default, twin=first, .* none"):
        run(fake())


@pytest.mark.parametrize(
    "arms",
    [given_arms()[1:], given_arms()[:1], (*given_arms(), given_arms()[-1])],
    ids=["no default", "no alternative", "one name twice"],
)
def test_arms_that_make_up_no_table_are_refused(
    arms: tuple[Arm, ...], run: Run, fake: Any, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="received"):
        run(fake(), arms=arms)
    assert not list(tmp_path.rglob("sweep.json"))
