"""A finished trial as the store has it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, Self, final

from spaces import Value

Phase = Literal["pilot", "search", "select", "confirm", "final"]
State = Literal["complete", "pruned", "failed"]
CURVE_POINTS = 10
"""A stored curve is thinned to at most this many epochs."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRecord:
    """One trial of pilot, search or final; or one replicate of a candidate or a level."""

    study: str
    """Name of the Optuna study."""
    index: int
    """Which trial of its plan this is, from 0."""
    phase: Phase
    """What it was tried for."""
    factor: str
    """The factor whose level is tried; `default` for the default recipe itself; or the phase."""
    level: str
    """The level tried; the recipe's name for the default recipe; or the trial that was found."""
    depth: int | None = None
    """Hidden layers, where a sweep compares at several depths; else None."""
    state: State
    """Failed if nothing was learned: every lane diverged. Pruned if it was told to end."""
    reason: str
    """How it ended, in words."""
    value: float | None
    """The metric's loss (of standardized targets) on the validation rows; None if it failed."""
    standard_error: float | None
    """Of `value`, from the spread over the validation rows."""
    params: Mapping[str, Value]
    """The nuisance hyperparameters, of the chosen lane in confirm; the point of a search."""
    recipe: Mapping[str, Any]
    """The whole recipe, as `Recipe.to_dict` gives it."""
    epochs: int
    """Epochs run."""
    best_epoch: int
    """The epoch whose weights were kept."""
    curve: Mapping[str, Sequence[float]]
    """epoch, train_loss, validation_loss, validation_error; thinned to CURVE_POINTS."""
    seconds: float
    """What its trainings took: their shares of the time of their stacks."""
    wall_seconds: float = 0.0
    """Wall time from the trial stored before to this one; these add up to the sweep's."""
    compile_seconds: float = 0.0
    """What its trainings waited for the compiler, beside their seconds."""
    trainer: str = "stacked"
    """Who trained it: stacked or keras."""
    trainings: int = 1
    """Members trained for it."""
    window: int = 0
    """How often the pilot's window had been widened when it was planned."""
    replicate: int | None = None
    """Which replicate, in select and confirm."""
    lanes: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    """Each lane's params, value, loss, best_epoch and ending, in confirm."""
    artifact: str | None = None
    """Where the predictions on the confirm rows are, in confirm and final."""
    trivial: Sequence[float] = ()
    """What the trivial predictor says of every confirm row, (outputs,), in confirm."""
    reported: Sequence[float] = ()
    """The lowest loss up to each epoch, in search: what it was pruned by."""
    noted: Mapping[str, Any] = field(default_factory=dict)
    """What sampler and pruner noted of it, in search."""

    def attributes(self) -> dict[str, Any]:
        """All that stands nowhere else in Optuna's trial and is not as by default."""
        ordinary = {f.name: f.default for f in fields(self)} | {"lanes": (), "noted": {}}
        told = {k: v for k, v in asdict(self).items() if k not in _OPTUNA_FIELDS}
        told |= {k: round(told[k], 6) for k in _TIMES}
        return {k: v for k, v in told.items() if v != ordinary[k]}

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, Any], **others: Any) -> Self:
        """The record that `attributes` came from; the others stand elsewhere in Optuna's trial."""
        names = {f.name for f in fields(cls)} - _OPTUNA_FIELDS
        known = {name: attributes[name] for name in names if name in attributes}
        known |= {name: tuple(known[name]) for name in ("lanes", "trivial") if name in known}
        return cls(**others, **known)


_TIMES = ("seconds", "wall_seconds", "compile_seconds")
_OPTUNA_FIELDS = {"study", "factor", "level", "recipe", "value", "params", "state", "reported"}
