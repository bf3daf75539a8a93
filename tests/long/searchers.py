"""Searches by this project and by others, asked and told alike, so that only the search differs."""

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, final

import keras_tuner
import optuna
from keras_tuner.oracles import BayesianOptimizationOracle, HyperbandOracle
from optuna.samplers import RandomSampler, TPESampler

from search.seeds import derive
from search.study import BatchedStudy, PriorSampler, get_pruner, get_sampler
from search.study.samplers import REDUCTION_FACTOR
from search.sweep.batches import SIZE, parts_of
from search.sweep.searching import STRUCTURE
from spaces import Choice, Domain, Int, Prior, Recipe, Space, Value, guideline_points, prior_point

Points = Mapping[int, Mapping[str, Value]]
"""Trials by number, and where in the space each is."""


class Searcher(ABC):
    """One search under one seed.

    Args:
        space: what is searched.
        base: the default, which gives every field that the space has not.
        seed: of all that the search draws.
    """

    def __init__(self, space: Space, base: Recipe, seed: int) -> None:
        self.space, self.base, self.seed = space, base, seed

    @abstractmethod
    def ask(self) -> Points:
        """The next trials, none of which waits for another; none if the search is over."""

    def train_abreast(self, stacks: Sequence[Sequence[int]]) -> None:
        """Hear which of the trials asked for share a stack, in the order in which they begin."""
        del stacks

    def prunes(self, number: int, epoch: int, error: float) -> bool:
        """Whether a trial is to end after an epoch, counted from 1, with this validation error."""
        del number, epoch, error
        return False

    def spent(self, number: int, epochs: int) -> int:
        """The epochs to charge for a trial that ran so many."""
        del number
        return epochs

    @abstractmethod
    def tell(self, number: int, error: float | None) -> None:
        """End a trial; None if it failed."""


@final
class Ours(Searcher):
    """Batches around the guideline's recipes, as a sweep asks for them.

    Args:
        space: what is searched.
        base: gives every field that the space has not.
        seed: of all that the search draws.
        priors: recipes with which it starts and around which it samples, the default first; the
            guideline's if there are none.
        pruner: by name.
    """

    def __init__(
        self,
        space: Space,
        base: Recipe,
        seed: int,
        priors: Sequence[Recipe] = (),
        pruner: str = "hyperband",
    ) -> None:
        super().__init__(space, base, seed)
        own = [prior_point(space, recipe) for recipe in priors]
        self._starts = own or guideline_points(space, base, "shallow")
        self._batch = 0
        self._study = BatchedStudy(space, self._sampler, get_pruner(pruner)(base.epochs))

    def _sampler(self, seed: int) -> PriorSampler:
        priors = [Prior(self.space, point) for point in self._starts]
        return PriorSampler(priors, get_sampler("tpe")(self.space, seed), seed)

    def ask(self) -> Points:
        seed, sizes = derive(self.seed, "sampler", self._batch), parts_of(self._batch)
        first = self._starts if self._batch == 0 else ()
        self._batch += 1
        return self._study.ask(sizes, seed, alike=STRUCTURE, first=first)

    def train_abreast(self, stacks: Sequence[Sequence[int]]) -> None:
        self._study.train_abreast(stacks)

    def prunes(self, number: int, epoch: int, error: float) -> bool:
        return self._study.prunes(number, epoch, error)

    def tell(self, number: int, error: float | None) -> None:
        self._study.tell(number, error)


@final
class Optuna(Searcher):
    """A study as Optuna's documentation drives it: asked for a trial, told of it, asked again.

    Args:
        space: what is searched.
        base: gives every field that the space has not.
        seed: of the sampler.
        is_random: whether trials are drawn at random and never pruned.
    """

    def __init__(self, space: Space, base: Recipe, seed: int, *, is_random: bool) -> None:
        super().__init__(space, base, seed)
        nop, hyperband = (
            optuna.pruners.NopPruner(),
            optuna.pruners.HyperbandPruner(1, base.epochs, REDUCTION_FACTOR),
        )
        self._study = optuna.create_study(
            study_name=str(seed),  # by which Hyperband deals its brackets
            sampler=RandomSampler(seed) if is_random else TPESampler(seed=seed),
            pruner=nop if is_random else hyperband,
        )
        self._at_once = SIZE if is_random else 1
        self._running: dict[int, optuna.Trial] = {}
        self._pruned: set[int] = set()

    def ask(self) -> Points:
        batch: dict[int, dict[str, Value]] = {}
        for _ in range(self._at_once):
            trial = self._study.ask()
            values = batch[trial.number] = {}
            for name, domain in self.space.active(values):
                values[name] = _suggested(trial, name, domain)
            self._running[trial.number] = trial
        return batch

    def prunes(self, number: int, epoch: int, error: float) -> bool:
        trial = self._running[number]
        trial.report(error, epoch)
        if trial.should_prune():
            self._pruned.add(number)
        return number in self._pruned

    def tell(self, number: int, error: float | None) -> None:
        trial, failed = self._running.pop(number), optuna.trial.TrialState.FAIL
        if number in self._pruned:
            self._study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        else:
            self._study.tell(trial, error, state=failed if error is None else None)


@final
class KerasTuner(Searcher):
    """An oracle as its tuner drives it: a trial of Hyperband's goes on where an older one stopped.

    Here that is the older one's training, whose randomness it shares, run again as far as it goes:
    the epochs it has behind it are not charged.

    Args:
        space: what is searched.
        base: gives every field that the space has not.
        seed: of the oracle.
        is_hyperband: Hyperband, else Bayesian optimization by Gaussian processes.
    """

    def __init__(self, space: Space, base: Recipe, seed: int, *, is_hyperband: bool) -> None:
        super().__init__(space, base, seed)
        hp = keras_tuner.HyperParameters()
        _asked(hp, space)
        make = (
            partial(
                HyperbandOracle,
                max_epochs=base.epochs,
                factor=REDUCTION_FACTOR,
                hyperband_iterations=None,
            )
            if is_hyperband
            else partial(BayesianOptimizationOracle, max_trials=10**6)
        )
        self._oracle = make(
            objective=keras_tuner.Objective("error", "min"), seed=seed + 1, hyperparameters=hp
        )
        self._oracle.verbose = 0
        self._folder = tempfile.TemporaryDirectory()
        self._oracle._set_project_dir(self._folder.name, "race")  # noqa: SLF001  # as a tuner does
        self._trials: list[Any] = []

    def ask(self) -> Points:
        trial = self._oracle.create_trial("tuner0")
        if trial.status != "RUNNING":
            return {}
        self._trials.append(trial)
        return {len(self._trials) - 1: _asked(trial.hyperparameters, self.space)}

    def prunes(self, number: int, epoch: int, error: float) -> bool:
        self._oracle.update_trial(self._trials[number].trial_id, {"error": error}, step=epoch)
        return epoch >= int(self._values(number).get("tuner/epochs", self.base.epochs))

    def spent(self, number: int, epochs: int) -> int:
        return max(0, epochs - int(self._values(number).get("tuner/initial_epoch", 0)))

    def seed_of(self, number: int) -> int:
        """The trial whose randomness this one has: the first of those that go on as this one."""
        older = self._values(number).get("tuner/trial_id")
        ids = [trial.trial_id for trial in self._trials]
        return number if older is None else self.seed_of(ids.index(older))

    def tell(self, number: int, error: float | None) -> None:
        trial = self._trials[number]
        trial.status = "INVALID" if error is None else "COMPLETED"
        self._oracle.end_trial(trial)

    def _values(self, number: int) -> Mapping[str, Any]:
        values: Mapping[str, Any] = self._trials[number].hyperparameters.values
        return values


def misleading(base: Recipe) -> Recipe:
    """A default that learns slowly and is held back."""
    return base.replace(
        initializer="lecun_normal",
        activation="relu",
        regularization="l2",
        l2=1e-2,
        learning_rate=1e-3,
        lr_schedule="constant",
    )


SEARCHERS: Mapping[str, Callable[[Space, Recipe, int], Searcher]] = {
    "ours": Ours,
    "ours, asha": partial(Ours, pruner="asha"),
    "ours, wrong prior": lambda space, base, seed: Ours(space, base, seed, [misleading(base)]),
    "TPE + Hyperband": partial(Optuna, is_random=False),
    "random": partial(Optuna, is_random=True),
    "KerasTuner Hyperband": partial(KerasTuner, is_hyperband=True),
    "KerasTuner Bayesian": partial(KerasTuner, is_hyperband=False),
}


def _suggested(trial: optuna.Trial, name: str, domain: Domain) -> Value:
    if isinstance(domain, Choice):
        chosen = trial.suggest_categorical(name, domain.options)
        assert isinstance(chosen, str | int)
        return chosen
    if isinstance(domain, Int):
        return trial.suggest_int(name, domain.low, domain.high, log=domain.log)
    return trial.suggest_float(name, domain.low, domain.high, log=domain.log)


def _asked(hp: Any, space: Space, prefix: str = "") -> dict[str, Value]:
    """Ask for every parameter of a space; the values of those that are active."""
    values: dict[str, Value] = {}
    for name, domain in space.domains.items():
        full = prefix + name
        if isinstance(domain, Choice):
            values[full] = hp.Choice(full, list(domain.options), default=domain.default)
        else:
            ask = hp.Int if isinstance(domain, Int) else hp.Float
            scale = "log" if domain.log else "linear"
            values[full] = ask(full, domain.low, domain.high, sampling=scale)
        for option, nested in space.conditions.get(name, {}).items():
            with hp.conditional_scope(full, [option]):
                found = _asked(hp, nested, f"{option}.")
            if values[full] == option:
                values |= found
    return values
