"""Sampling around a default that is trusted as far as the trials bear it out.

Some trials are drawn around the default, the others by an ordinary sampler, in the manner of
PriorBand (Mallik et al. 2023). How many follows from what was seen: where trials near the default
do no better than the others, few are; and the share fades with the number of trials, as in piBO
(Hvarfner et al. 2022), for by then the sampler knows more.
"""

import math
import random
from collections.abc import Sequence
from typing import Any, final

from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from spaces import Prior

START = 0.5
"""Share of the trials that are drawn around the default at first."""
FADING_TRIALS = 64
"""After so many trials the share is half of what the evidence would give."""
GOOD_SHARE = 1 / 3
"""Trials that count as good, of all that ended (Li et al. 2018: those that would go on)."""
LEAST_TRIALS = 9
"""Trials that ended before they are evidence."""


@final
class PriorSampler(BaseSampler):
    """Draws a share of the trials from a prior and leaves the others to another sampler.

    It serves one batch: the share follows from the trials that have ended when it is first asked.

    Args:
        prior: around the default.
        base: for the others.
        seed: of the draws.
    """

    def __init__(self, prior: Prior, base: BaseSampler, seed: int) -> None:
        self._prior = prior
        self._domains = dict(prior.space.parameters())
        self._base = base
        self._random = random.Random(seed)  # noqa: S311  # nothing secret
        self._from_prior = False
        self._share: float | None = None

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Choose who draws this trial."""
        if self._share is None:
            self._share = prior_share(self._prior, study.get_trials(deepcopy=False))
        self._from_prior = self._random.random() < self._share
        self._base.before_trial(study, trial)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """What the other sampler draws together; nothing, where the prior draws."""
        return {} if self._from_prior else self._base.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """By the other sampler."""
        return {} if self._from_prior else self._base.sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """One parameter, by whoever draws this trial."""
        if self._from_prior:
            return self._prior.sample_one(param_name, self._domains[param_name], self._random)
        return self._base.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Told to the other sampler."""
        self._base.after_trial(study, trial, state, values)


def prior_share(prior: Prior, trials: Sequence[FrozenTrial]) -> float:
    """The share of the next trials to draw around the default, in [0, 1].

    Good trials lie nearer to a default that is right than other trials do, and farther from one
    that misleads: how much denser the prior is where they lie, in the mean of logarithms, says how
    far to trust it. All trials were drawn alike, so that who drew them does not matter.
    """
    ended = [trial for trial in trials if trial.state.is_finished()]
    share = START * FADING_TRIALS / (FADING_TRIALS + len(ended))
    if len(ended) < LEAST_TRIALS:
        return share
    ranked = sorted(ended, key=_rank)
    densities = [prior.log_density(trial.params) for trial in ranked]
    good = densities[: math.ceil(len(ranked) * GOOD_SHARE)]
    lift = sum(good) / len(good) - sum(densities) / len(densities)
    return min(1.0, 2 * share / (1 + math.exp(-lift)))


def _rank(trial: FrozenTrial) -> tuple[float, float]:
    """Best first: who went farthest, and of those the lowest loss."""
    if trial.state is TrialState.COMPLETE:
        assert trial.value is not None
        return -math.inf, trial.value
    reported = trial.intermediate_values
    return -max(reported, default=0), min(reported.values(), default=math.inf)
