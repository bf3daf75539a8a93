"""Sampling around points that are trusted as far as the trials bear them out.

In the manner of PriorBand (Mallik et al. 2023), some trials are drawn around given recipes, some
around the best that were found, and the others by an ordinary sampler. How many are drawn around a
recipe follows from what was seen: where trials near it do no better than the others, few are; and
the share fades with the number of trials, as in piBO (Hvarfner et al. 2022), for by then the
sampler knows more.
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
"""Share of the trials that are drawn around given recipes at first."""
FADING_TRIALS = 64
"""After so many trials the share is half of what the evidence would give."""
GOOD_SHARE = 1 / 3
"""Trials that count as good, of all that ended (Li et al. 2018: those that would go on)."""
LEAST_TRIALS = 9
"""Trials that ended before they are evidence."""
N_INCUMBENTS = 3
"""How many of the best trials others are drawn around."""
INCUMBENT_SHARE = 0.5
"""Share drawn around the best, of the trials that are drawn around no given recipe."""
INCUMBENT_CONFIDENCE = "high"
"""However far the given recipes are trusted: who is best was seen."""
_EVIDENCE = (TrialState.COMPLETE, TrialState.PRUNED)


@final
class PriorSampler(BaseSampler):
    """Draws shares of the trials from priors and leaves the others to another sampler.

    It serves one batch: the shares follow from the trials that have ended when it is first asked.

    Args:
        priors: around given recipes of one space, the default's first; at least one.
        base: for the trials that are drawn around nothing.
        seed: of the draws.
    """

    def __init__(self, priors: Sequence[Prior], base: BaseSampler, seed: int) -> None:
        self._priors = tuple(priors)
        self._domains = dict(priors[0].space.parameters())
        self._base = base
        self._random = random.Random(seed)  # noqa: S311  # nothing secret
        self._shares: Sequence[tuple[Prior, float]] | None = None
        self._drawn_from: Prior | None = None

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Choose who draws this trial."""
        if self._shares is None:
            self._shares = shares(self._priors, study.get_trials(deepcopy=False))
        self._drawn_from, left = None, self._random.random()
        for prior, share in self._shares:
            left -= share
            if left < 0:
                self._drawn_from = prior
                break
        self._base.before_trial(study, trial)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """What the other sampler draws together; nothing, where a prior draws."""
        drawn = self._drawn_from is not None
        return {} if drawn else self._base.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """By the other sampler."""
        drawn = self._drawn_from is not None
        return {} if drawn else self._base.sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """One parameter, by whoever draws this trial."""
        if self._drawn_from is not None:
            domain = self._domains[param_name]
            return self._drawn_from.sample_one(param_name, domain, self._random)
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


def shares(priors: Sequence[Prior], trials: Sequence[FrozenTrial]) -> list[tuple[Prior, float]]:
    """From which priors to draw what shares of the next trials, in (0, 1), less than 1 together.

    The first prior has half of what is drawn around given recipes, and the others have equal parts
    of the other half; all of it is the first's where it is alone. Once there is evidence, each part
    grows or shrinks by it, up to double and down to nothing, and the best trials so far join in.

    Args:
        priors: around given recipes, the default's first; at least one.
        trials: all so far.
    """
    ended = sorted((trial for trial in trials if trial.state in _EVIDENCE), key=_rank)
    faded = START * FADING_TRIALS / (FADING_TRIALS + len(ended))
    rest = len(priors) - 1
    parts = [0.5, *[0.5 / rest] * rest] if rest else [1.0]
    if len(ended) < LEAST_TRIALS:
        return [(prior, part * faded) for prior, part in zip(priors, parts, strict=True)]
    found = [
        (prior, 2 * part * faded / (1 + math.exp(-lift(prior, ended))))
        for prior, part in zip(priors, parts, strict=True)
    ]
    left = 1 - sum(share for _, share in found)  # some, for a part at most doubles
    points = dict.fromkeys(
        tuple(trial.params.items()) for trial in ended if _value(trial) < math.inf
    )
    best = [dict(point) for point in list(points)[:N_INCUMBENTS]]
    incumbents = [Prior(priors[0].space, point, INCUMBENT_CONFIDENCE) for point in best]
    return found + [(prior, INCUMBENT_SHARE * left / len(best)) for prior in incumbents]


def lift(prior: Prior, ranked: Sequence[FrozenTrial]) -> float:
    """How much denser a prior is where good trials lie than where trials lie, in nats.

    Good trials lie nearer to a recipe that is right than other trials do, and farther from one that
    misleads. The mean of logarithms over the good less that over all, whoever drew them: where the
    search has moved away from a recipe for better ones, that speaks against it, too.

    Args:
        prior: around the recipe.
        ranked: trials that ended, best first; at least one.
    """
    densities = [prior.log_density(trial.params) for trial in ranked]
    good = densities[: math.ceil(len(ranked) * GOOD_SHARE)]
    return sum(good) / len(good) - sum(densities) / len(densities)


def _rank(trial: FrozenTrial) -> tuple[float, float]:
    """Best first: who went farthest, and of those the lowest loss."""
    is_whole = trial.state is TrialState.COMPLETE
    return -math.inf if is_whole else -max(trial.intermediate_values, default=0), _value(trial)


def _value(trial: FrozenTrial) -> float:
    """The lowest loss of a trial that ended; infinite if it diverged."""
    if trial.state is TrialState.COMPLETE:
        assert trial.value is not None
        return trial.value
    return min(trial.intermediate_values.values(), default=math.inf)
