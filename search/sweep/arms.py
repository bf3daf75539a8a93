"""What a sweep trains: a default recipe, and what is compared with it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self, final

from search.settings import Settings
from search.verdict import report_size
from spaces import Recipe, Space, alternatives, default_answer, nuisance_space

DEFAULT = "default"
"""The factor of the arm that is the default recipe itself."""
FOUND = "search"
"""The factor of the arms that compare the recipe that a search found."""
COMBINATION = "combination"
"""The factor of the arms that compare the beaten factors' best levels together."""


@final
@dataclass(frozen=True, slots=True)
class Arm:
    """One recipe whose nuisance hyperparameters are tuned anew in every replicate."""

    factor: str
    """The factor whose level is swapped, or another question, or DEFAULT."""
    level: str
    """The level swapped in, or the recipe's name."""
    recipe: Recipe
    """With nuisance hyperparameters at their defaults."""
    guideline: bool = False
    """Whether this is the guideline's other choice."""
    depth: int | None = None
    """Hidden layers, where a sweep compares at several depths; else None."""
    stream: tuple[str, ...] = ()
    """Names of the random stream that its seeds and splits come from. Arms of one stream are
    paired; those of another meet fresh replicates."""
    is_fixed: bool = False
    """Whether its numbers stay as they are: it needs no pilot and has one lane."""

    @property
    def name(self) -> str:
        """Unique in a sweep: `default`, `activation=relu` or, at several depths, `default@20`."""
        name = DEFAULT if self.factor == DEFAULT else f"{self.factor}={self.level}"
        name += "".join(f"#{part}" for part in self.stream[1:])
        return name if self.depth is None else f"{name}@{self.depth}"

    @property
    def pilot_study(self) -> str:
        """The study that holds this arm's pilot."""
        return f"pilot/{self.name}"

    @property
    def confirm_study(self) -> str:
        """The study that holds this arm's replicates."""
        return f"confirm/{self.name}"

    @property
    def space(self) -> Space:
        """The nuisance hyperparameters with their ranges at the start of the pilot."""
        return Space({}) if self.is_fixed else nuisance_space(self.recipe)

    def nuisance_of(self, recipe: Recipe) -> dict[str, float]:
        """The nuisance hyperparameters of one of this arm's recipes."""
        return {name: getattr(recipe, name) for name in self.space.domains}

    def to_dict(self) -> dict[str, Any]:
        """All fields, ready for JSON."""
        return {**asdict(self), "recipe": self.recipe.to_dict(), "stream": list(self.stream)}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Self:
        """The arm written by `to_dict`."""
        recipe, stream = Recipe.from_dict(fields["recipe"]), tuple(fields["stream"])
        return cls(**{**fields, "recipe": recipe, "stream": stream})


@final
@dataclass(frozen=True, slots=True)
class Contest:
    """A default and the alternatives compared with it: a table of the report."""

    default: Arm
    """The default."""
    alternatives: tuple[Arm, ...]
    """What is compared with it, the alternatives of each factor together."""

    @property
    def arms(self) -> tuple[Arm, ...]:
        """The default first."""
        return (self.default, *self.alternatives)

    @property
    def factors(self) -> dict[str, list[Arm]]:
        """Factor -> its alternatives, in the order of the arms."""
        found: dict[str, list[Arm]] = {}
        for arm in self.alternatives:
            found.setdefault(arm.factor, []).append(arm)
        return found

    def default_level(self, factor: str) -> str:
        """What the default recipe has where a factor's alternatives have another level."""
        return default_answer(self.default.level, factor, self.default.recipe)


def plan_arms(settings: Settings, default: Recipe) -> tuple[Arm, ...]:
    """At each depth the default first, then every alternative in the table's order."""
    depths = settings.depths
    if len(depths) < 2:
        return _arms_at(settings, default, None)
    return tuple(
        arm for depth in depths for arm in _arms_at(settings, default.replace(depth=depth), depth)
    )


def contests(arms: Iterable[Arm]) -> tuple[Contest, ...]:
    """The tables that arms make up: each default with the alternatives that follow it.

    Raises:
        ValueError: if the first arm is no default, a default has no alternative, or two arms have
            one name.
    """
    tables: list[list[Arm]] = []
    names: set[str] = set()
    for arm in arms:
        if arm.factor == DEFAULT:
            tables.append([])
        if not tables or arm.name in names:
            raise ValueError(f"arms must begin with a default and differ in name; received {arm}")
        names.add(arm.name)
        tables[-1].append(arm)
    if not tables or min(map(len, tables)) < 2:
        raise ValueError(f"a default must have alternatives; received {sorted(names)}")
    return tuple(Contest(default, tuple(others)) for default, *others in tables)


def combination(contest: Contest, levels: Mapping[str, str]) -> Contest:
    """The default against itself with several levels swapped at once, on fresh replicates.

    Args:
        contest: in which each of the levels alone beat the default.
        levels: factor -> its best level.
    """
    default, stream = contest.default, (COMBINATION,)
    depth, recipe = default.depth, default.recipe.replace(**levels)
    return Contest(
        Arm(COMBINATION, default.level, default.recipe, depth=depth, stream=stream),
        (Arm(COMBINATION, "+".join(levels.values()), recipe, depth=depth, stream=stream),),
    )


def found_contest(default: Arm, n_trials: int, level: str, recipe: Recipe) -> Contest:
    """What a search found against the default, on fresh replicates.

    The default is tuned anew in every replicate, as ever, unless it is a hypermodel's, of which
    nobody knows what to tune; what was found is taken as it is.

    Args:
        default: that the search began with.
        n_trials: of the search up to now; a longer one meets other replicates.
        level: what the recipe found is called.
        recipe: with all of its numbers.
    """
    stream = (FOUND, str(n_trials))
    depth, is_fixed = default.depth, default.is_fixed
    return Contest(
        Arm(FOUND, default.level, default.recipe, depth=depth, stream=stream, is_fixed=is_fixed),
        (Arm(FOUND, level, recipe, depth=depth, stream=stream, is_fixed=True),),
    )


def n_comparisons(tables: Sequence[Contest]) -> int:
    """The number m of comparisons in the report, its reserved slots included."""
    return report_size(sum(len(table.alternatives) for table in tables), n_tables=len(tables))


def _arms_at(settings: Settings, default: Recipe, depth: int | None) -> tuple[Arm, ...]:
    full = settings.levels == "full"
    return (
        Arm(DEFAULT, settings.recipe, default, depth=depth),
        *(
            Arm(question, found.name, found.recipe, guideline=found.guideline, depth=depth)
            for question in settings.checked_factors
            for found in alternatives(settings.recipe, question, default, full=full)
        ),
    )
