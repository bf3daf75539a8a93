"""The store of a sweep: an Optuna journal of finished trials, and files that go with them.

The journal is the truth. One process writes it; a trial stands in it whole or not at all.
"""

import io
import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, final
from zipfile import BadZipFile

import numpy as np
import optuna
from optuna.artifacts import FileSystemArtifactStore
from optuna.artifacts.exceptions import ArtifactNotFound
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial, TrialState

from search.errors import StoreError
from search.rows import Array
from search.study.ask import distribution
from search.study.record import State, TrialRecord
from spaces import Float, Space, Value, field_of

logging.getLogger("optuna").setLevel(logging.WARNING)  # a new study is no news

JOURNAL = "journal.log"
ARTIFACTS = "artifacts"
RECIPE = "recipe"
"""The user attribute that has what a trial's parameters do not say of its recipe, as JSON."""
RECORD = "record"
"""The user attribute that has all of a trial that stands nowhere else in it, as JSON."""


@final
class Store:
    """Finished trials by study, read once and kept up to date by the one that writes.

    Args:
        folder: of the sweep; must exist to be written to.

    Raises:
        StoreError: if the journal is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._journal = folder / JOURNAL
        self._studies: dict[str, int] = {}  # by name, as the storage calls them
        self._trials: dict[str, list[FrozenTrial]] = {}  # Optuna's own, so that there is one copy
        self._indices: dict[str, set[int]] = {}
        self._seconds = 0.0
        self._storage: JournalStorage | None = None
        if self._journal.exists():
            self._load()

    def repair(self) -> None:
        """Undo what a killed writer may have left; only for the process that holds the sweep.

        A torn last line would swallow the next record, and a lock without an owner would stall the
        first write.
        """
        for lock in self._folder.glob(f"{JOURNAL}.lock*"):
            lock.unlink()
        if self._journal.exists():
            content = self._journal.read_bytes()
            whole = content[: content.rfind(b"\n") + 1]
            if whole != content:
                os.truncate(self._journal, len(whole))  # a rewrite might be killed half-way
        self._storage = None
        self._studies.clear()
        self._trials.clear()
        self._indices.clear()
        self._seconds = 0.0
        if self._journal.exists():
            self._load()

    def records(self, study: str, start: int = 0) -> list[TrialRecord]:
        """The finished trials of one study, in the order they were stored.

        Args:
            study: its name.
            start: how many of the first to leave out.
        """
        return [_from_optuna(study, trial) for trial in self._trials.get(study, [])[start:]]

    def indices(self, study: str) -> frozenset[int]:
        """Which trials of their plan the finished ones of a study are."""
        return frozenset(self._indices.get(study, ()))

    def all_records(self) -> list[TrialRecord]:
        """The finished trials of all studies, study by study."""
        return [record for study in self._trials for record in self.records(study)]

    @property
    def studies(self) -> list[str]:
        """The names of all studies."""
        return list(self._trials)

    @property
    def n_records(self) -> int:
        """How many trials there are."""
        return sum(map(len, self._trials.values()))

    @property
    def seconds(self) -> float:
        """Wall time that all of them took."""
        return self._seconds

    def add(self, record: TrialRecord, space: Space | None = None) -> None:
        """Store a finished trial durably; only for the process that holds the sweep.

        Args:
            record: the trial.
            space: that its parameters come from, where they are not all numbers.
        """
        if record.study not in self._studies:
            self._create(record.study)
        # `Study.add_trial` does not say which trial it added, and a list of all takes ever longer.
        storage = self._open()
        number = storage.create_new_trial(self._studies[record.study], _to_optuna(record, space))
        trials = self._trials.setdefault(record.study, [])
        trials.append(_sharing(storage.get_trial(number), trials))
        self._indices.setdefault(record.study, set()).add(record.index)
        self._seconds += record.wall_seconds

    def write_predictions(self, name: str, predictions: Array) -> None:
        """Keep an array under `name`; to be called before the trial that refers to it is added."""
        content = io.BytesIO()
        np.save(content, predictions, allow_pickle=False)
        self._write(name, content)

    def write_arrays(self, name: str, arrays: Mapping[str, Array]) -> None:
        """Keep several arrays under `name`; as `write_predictions`."""
        content = io.BytesIO()
        np.savez(content, allow_pickle=False, **arrays)
        self._write(name, content)

    def has_predictions(self, name: str) -> bool:
        """Whether an array is kept under `name`."""
        return (self._folder / ARTIFACTS / name).exists()

    def read_predictions(self, name: str) -> Array:
        """The array kept under `name`.

        Raises:
            StoreError: if it is missing or damaged.
        """
        with self._reading(name) as content:
            return np.asarray(np.load(content, allow_pickle=False))

    def read_arrays(self, name: str) -> dict[str, Array]:
        """The arrays kept under `name`.

        Raises:
            StoreError: if they are missing or damaged.
        """
        with self._reading(name) as content, np.load(content, allow_pickle=False) as arrays:
            return dict(arrays)

    def _write(self, name: str, content: io.BytesIO) -> None:
        """Write a file that is whole or not there, wherever the process is killed."""
        folder = self._folder / ARTIFACTS
        folder.mkdir(exist_ok=True)
        content.seek(0)
        draft = f"{name}.draft"
        FileSystemArtifactStore(folder).write(draft, content)
        (folder / draft).replace(folder / name)

    @contextmanager
    def _reading(self, name: str) -> Iterator[io.BytesIO]:
        """The content of a file; what goes wrong with it is told as one error."""
        try:
            with FileSystemArtifactStore(self._folder / ARTIFACTS).open_reader(name) as file:
                yield io.BytesIO(file.read())
        except (ArtifactNotFound, ValueError, EOFError, BadZipFile) as problem:
            raise StoreError(f"{name} of {self._folder} cannot be read: {problem}") from problem

    def _open(self) -> JournalStorage:
        if self._storage is None:
            path = str(self._journal)
            self._storage = JournalStorage(JournalFileBackend(path, JournalFileOpenLock(path)))
        return self._storage

    def _create(self, name: str) -> None:
        storage = self._open()
        optuna.create_study(
            storage=storage, study_name=name, direction="minimize", load_if_exists=True
        )
        self._studies[name] = storage.get_study_id_from_name(name)

    def _load(self) -> None:
        try:
            storage = self._open()
            for name in optuna.get_all_study_names(storage):
                self._studies[name] = storage.get_study_id_from_name(name)
                trials = self._trials[name] = []
                for trial in storage.get_all_trials(self._studies[name], deepcopy=False):
                    trials.append(_sharing(trial, trials))
                records = self.records(name)
                self._indices[name] = {record.index for record in records}
                self._seconds += sum(record.wall_seconds for record in records)
        except (ValueError, KeyError, TypeError) as problem:
            raise StoreError(f"{self._journal} cannot be read: {problem}") from problem


def _to_optuna(record: TrialRecord, space: Space | None) -> FrozenTrial:
    known = {} if space is None else dict(space.parameters())
    distributions = {
        name: distribution(known[name] if name in known else _around(float(value)))
        for name, value in record.params.items()
    }
    return optuna.trial.create_trial(
        state=_STATES[record.state],
        value=record.value,
        params=dict(record.params),
        distributions=distributions,
        intermediate_values=dict(enumerate(record.reported, start=1)),
        user_attrs={
            "factor": record.factor,
            "level": record.level,
            RECIPE: _text(_beside(record.params, record.recipe)),
            # As one text, which takes a quarter of the memory of its many small parts.
            RECORD: _text(record.attributes()),
        },
    )


_STATES: Mapping[State, TrialState] = {
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}


_NOTHING: dict[Any, Any] = {}
"""Of trials without any; nobody writes to a finished trial."""


def _sharing(trial: FrozenTrial, before: Sequence[FrozenTrial]) -> FrozenTrial:
    """The same trial, whose equal parts are those of the one before it: there are thousands."""
    trial.datetime_start = trial.datetime_complete  # of a trial that is created finished
    trial.system_attrs = trial.system_attrs or _NOTHING
    trial.intermediate_values = trial.intermediate_values or _NOTHING
    if before:
        last = before[-1]
        if trial.distributions == last.distributions:
            trial.distributions = last.distributions
        for name in ("factor", "level", RECIPE):
            if trial.user_attrs[name] == last.user_attrs[name]:
                trial.user_attrs[name] = last.user_attrs[name]
    return trial


def _around(value: float) -> Float:
    """A range wide enough for every window a nuisance hyperparameter may be searched in."""
    return Float(min(1e-9, value), max(1e3, value), default=value, log=value > 0)


def _beside(params: Mapping[str, Value], recipe: Mapping[str, Any]) -> dict[str, Any]:
    """What a recipe has beside its parameters; all of it, where they are not its own fields."""
    said = _fields(params)
    is_its_own = "values" not in recipe and said.items() <= recipe.items()
    return {name: value for name, value in recipe.items() if not is_its_own or name not in said}


def _fields(params: Mapping[str, Value]) -> dict[str, Value]:
    return {field_of(name): value for name, value in params.items()}


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _from_optuna(study: str, trial: FrozenTrial) -> TrialRecord:
    said, recipe = _fields(trial.params), json.loads(trial.user_attrs[RECIPE])
    is_whole = "values" in recipe or said.keys() & recipe.keys()
    return TrialRecord.from_attributes(
        json.loads(trial.user_attrs[RECORD]),
        study=study,
        factor=trial.user_attrs["factor"],
        level=trial.user_attrs["level"],
        recipe=recipe if is_whole else said | recipe,
        state=next(name for name, state in _STATES.items() if state == trial.state),
        value=trial.value,
        params=trial.params,
        reported=tuple(trial.intermediate_values.values()),
    )
