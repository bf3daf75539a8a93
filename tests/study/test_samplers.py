"""Samplers and pruners by name, the grid, and the prior."""

import copy
from collections.abc import Sequence
from functools import partial
from random import Random

import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState

from search.settings import _CHOICES
from search.study import (
    PRUNERS,
    SAMPLERS,
    BatchedStudy,
    PriorSampler,
    get_pruner,
    get_sampler,
)
from search.study.grid import STEPS
from search.study.prior import FADING_TRIALS, INCUMBENT_SHARE, N_INCUMBENTS, START, lift, shares
from spaces import (
    RECIPES,
    SHALLOW,
    Choice,
    Float,
    Prior,
    Space,
    Value,
    grid_size,
    guideline_points,
    joint_space,
    prior_point,
)

SMALL = Space(
    {"optimizer": Choice(("nag", "adam")), "width": Choice((50, 100, 200))},
    {"optimizer": {"nag": Space({"momentum": Float(0.8, 0.95, default=0.9)})}},
)
SPACE = joint_space(SHALLOW, "shallow")


def test_settings_know_the_same_names() -> None:
    assert set(_CHOICES["sampler"]) == set(SAMPLERS)
    assert set(_CHOICES["pruner"]) == set(PRUNERS)


def test_unknown_names_are_refused_with_the_choices() -> None:
    with pytest.raises(ValueError, match="sampler must be one of tpe, random, qmc, grid; received"):
        get_sampler("cmaes")
    with pytest.raises(ValueError, match="pruner must be one of hyperband, asha, median, none;"):
        get_pruner("wilcoxon")


@pytest.mark.parametrize(("epochs", "first_judged"), [(3, {1, 3}), (30, {1, 3}), (81, {1, 3, 9})])
def test_hyperband_judges_every_trial_early(epochs: int, first_judged: set[int]) -> None:
    """By a ninth of its training, or after three epochs."""
    study = BatchedStudy(
        SPACE, partial(get_sampler("random"), SPACE), get_pruner("hyperband")(epochs)
    )
    seen = set()
    for number in study.ask([48], seed=0):
        for epoch in range(1, epochs + 1):
            study.prunes(number, epoch, 1 / epoch)
        told = study.tell(number, 1 / epochs)
        seen.add(round(1 / told.attributes["completed_rung_0"]))
    assert seen == first_judged


def test_a_grid_is_gone_through_once_conditions_included() -> None:
    study = BatchedStudy(SMALL, partial(get_sampler("grid"), SMALL), get_pruner("none")(3))
    size = grid_size(SMALL, STEPS)
    assert size == (STEPS + 1) * 3
    points: list[str] = []
    for batch in range(4):  # trial 0 is the default's
        asked = study.ask([4 if batch else 1], seed=batch)
        points += [str(sorted(values.items())) for values in asked.values()]
        for number in asked:
            study.tell(number, 0.5)
    assert len(points) == 1 + size
    assert len(set(points[1:])) == size


def _ended(n: int, loss_of: dict[str, float], prior: Prior, share: float) -> optuna.Study:
    """A study of points, a share of them near the prior and the others anywhere."""
    rng, study = Random(0), optuna.create_study()
    anywhere = BatchedStudy(
        prior.space, partial(get_sampler("random"), prior.space), get_pruner("none")(3)
    )
    others = list(anywhere.ask([n], seed=1).values())
    from search.study.ask import distribution  # noqa: PLC0415  # of this helper alone

    domains = {name: distribution(domain) for name, domain in prior.space.parameters()}
    for other in others:
        point: dict[str, Value] = prior.sample(rng) if rng.random() < share else other
        trial = optuna.trial.create_trial(
            value=loss_of[str(point["activation"])] + 0.01 * rng.random(),
            params=dict(point),
            distributions={name: domains[name] for name in point},
        )
        study.add_trial(trial)
    return study


@pytest.mark.parametrize("confidence", ["low", "medium", "high"])
def test_the_prior_is_drawn_from_less_where_it_misleads_and_more_where_it_is_right(
    confidence: str,
) -> None:
    prior = Prior(SPACE, prior_point(SPACE, SHALLOW), confidence)
    options = [str(option) for option in Choice(SPACE.domains["activation"].options).options]  # type: ignore[union-attr]  # a choice
    right = {option: 0.05 if option == "elu" else 0.5 for option in options}
    wrong = {option: 0.5 if option == "elu" else 0.05 for option in options}
    found = [_share(prior, _ended(60, losses, prior, 0.4).trials) for losses in (right, wrong)]
    assert found[0] > START * FADING_TRIALS / (FADING_TRIALS + 60) > found[1]


def _share(prior: Prior, trials: Sequence[FrozenTrial]) -> float:
    found, share = shares([prior], trials)[0]
    assert found is prior
    return share


def test_the_share_starts_at_half_and_fades() -> None:
    prior = Prior(SPACE, prior_point(SPACE, SHALLOW))
    same = dict.fromkeys(["elu", "swish", "relu", "selu"], 0.1)
    found = [_share(prior, _ended(n, same, prior, 0.5).trials) for n in (0, 100, 400)]
    assert found[0] == START
    assert found[0] > found[1] > found[2]


def test_a_default_shares_with_the_guidelines_other_recipes_each_by_its_evidence() -> None:
    points = guideline_points(SPACE, SHALLOW, "shallow")
    assert len(points) == len(RECIPES) == 3
    priors = [Prior(SPACE, point) for point in points]
    assert [share for _, share in shares(priors, [])] == [START / 2, START / 4, START / 4]
    selu = {"selu": 0.05, "elu": 0.5, "swish": 0.5, "relu": 0.5}
    ended = _ended(60, selu, priors[0], 0.4).trials
    found = shares(priors, ended)
    assert sum(share for _, share in found) < 1
    by_recipe = {str(prior.base_values["activation"]): x for prior, x in found[:3]}
    assert by_recipe["selu"] > START / 4 * FADING_TRIALS / (FADING_TRIALS + 60)
    assert by_recipe["elu"] < START / 2 * FADING_TRIALS / (FADING_TRIALS + 60)


def test_the_best_trials_draw_half_of_what_no_recipe_draws() -> None:
    prior = Prior(SPACE, prior_point(SPACE, SHALLOW))
    ended = _ended(60, {"elu": 0.2, "swish": 0.1, "relu": 0.3, "selu": 0.4}, prior, 0.4).trials
    (_, given), *incumbents = shares([prior], ended)
    best = sorted(ended, key=lambda trial: trial.value or 0)[:N_INCUMBENTS]
    assert [x.base_values for x, _ in incumbents] == [trial.params for trial in best]
    expected = (1 - given) * INCUMBENT_SHARE / N_INCUMBENTS
    assert [share for _, share in incumbents] == pytest.approx([expected] * N_INCUMBENTS)


def test_one_point_that_was_tried_again_is_one_incumbent() -> None:
    prior = Prior(SPACE, prior_point(SPACE, SHALLOW))
    (trial,) = _ended(1, {"elu": 0.2, "swish": 0.1, "relu": 0.3, "selu": 0.4}, prior, 1.0).trials
    assert len(shares([prior], [trial] * 12)) == 2


def test_a_part_at_most_doubles_however_good_its_recipe_is() -> None:
    prior = Prior(SPACE, prior_point(SPACE, SHALLOW), "high")
    near = {"elu": 0.1, "swish": 0.9, "relu": 0.9, "selu": 0.9}
    ended = _ended(9, near, prior, 0.5).trials
    assert lift(prior, sorted(ended, key=lambda trial: trial.value or 0)) > 1
    (_, given), *incumbents = shares([prior], ended)
    faded = START * FADING_TRIALS / (FADING_TRIALS + 9)
    assert faded < given < 2 * faded
    drawn = sum(share for _, share in incumbents)
    assert drawn == pytest.approx(INCUMBENT_SHARE * (1 - given))


def test_nothing_is_drawn_around_a_trial_that_diverged() -> None:
    """Nor does a trial of which nothing was learned count as one."""
    prior = Prior(SPACE, prior_point(SPACE, SHALLOW))
    (one,) = _ended(1, {"elu": 0.2, "swish": 0.1, "relu": 0.3, "selu": 0.4}, prior, 0.0).trials
    diverged, unknown = copy.copy(one), copy.copy(one)
    diverged.state, diverged.value = TrialState.PRUNED, None
    unknown.state = TrialState.FAIL
    assert len(shares([prior], [diverged] * 12)) == 1
    assert [x.base_values for x, _ in shares([prior], [*[diverged] * 12, one])[1:]] == [one.params]
    assert shares([prior], [unknown] * 12) == shares([prior], [])


def test_trials_of_the_prior_keep_to_the_default() -> None:
    prior = Prior(SPACE, prior_point(SPACE, SHALLOW), "high")

    def near(sampler: optuna.samplers.BaseSampler) -> float:
        study = BatchedStudy(SPACE, lambda _: sampler, get_pruner("none")(3))
        points = study.ask([100], seed=0).values()
        return sum(values["activation"] == "elu" for values in points) / 100

    alone = near(optuna.samplers.RandomSampler(seed=0))
    assert near(PriorSampler([prior], optuna.samplers.RandomSampler(seed=0), 1)) > alone + 0.1


def test_trials_gather_around_the_best() -> None:
    """A second batch has many choices of the first batch's best, which no recipe suggested."""
    prior = Prior(SPACE, prior_point(SPACE, SHALLOW))

    def make(seed: int) -> PriorSampler:
        return PriorSampler([prior], get_sampler("random")(SPACE, seed), seed)

    study = BatchedStudy(SPACE, make, get_pruner("none")(3))
    swish = 0
    for batch in range(2):
        asked = study.ask([60], seed=batch)
        swish = sum(values["activation"] == "swish" for values in asked.values())
        for number, values in asked.items():
            study.tell(number, 0.1 if values["activation"] == "swish" else 0.5)
    assert swish > 60 / 3
