"""The report of a sweep, computed from its folder alone."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from search import defaults
from search.study import Store
from search.sweep import folder
from search.sweep.arms import DEFAULT, Arm, n_comparisons
from search.sweep.final import best_recipe, final_record
from search.sweep.folder import SweepFile
from search.sweep.pilot import window_of
from search.sweep.records import Best, SearchReport, State, SweepReport
from search.sweep.searching import search_of, search_trials, why_over
from search.sweep.selecting import choose, found_contests, selections
from search.sweep.standing import Judge, Standing
from search.sweep.windows import MOST_WIDENINGS
from search.verdict import METRICS, Loss, Terms, get_loss, row_weight
from spaces import edges


def load_report(name: str, home: Path, *, evidence: bool = True) -> SweepReport:
    """Where a sweep stands, running or not.

    Args:
        name: of the sweep.
        home: the folder of all sweeps.
        evidence: whether to go through all predictions for it.

    Raises:
        SweepNotFoundError: listing the sweeps there are.
        StoreError: if its files are damaged.
    """
    file = folder.read(home, name)
    store = Store(folder.folder_of(home, name))
    judge = judge_of(file, store)
    standing = judge.take_stock(file.settings.n_replicates)
    found = report(file, store, judge, standing, is_held=folder.is_held(home, name))
    seen = judge.evidence(standing) if evidence else ()
    return replace(found, evidence=seen, mlflow=folder.read_identifiers(home, name))


def list_sweeps(home: Path) -> dict[str, SweepReport | Exception]:
    """Name -> the report of every sweep, without evidence, or why it cannot be read."""
    found: dict[str, SweepReport | Exception] = {}
    for name in folder.names(home):
        try:
            found[name] = load_report(name, home, evidence=False)
        except Exception as error:  # noqa: BLE001  # one damaged sweep must not hide the others
            found[name] = error
    return found


def judge_of(file: SweepFile, store: Store) -> Judge:
    """Who takes the looks of a sweep."""
    return Judge(file.contests, terms_of(file), store, partial(found_contests, file, store))


def loss_of(file: SweepFile) -> Loss:
    """What is measured.

    Raises:
        InputError: if the metric asked for does not fit the data.
    """
    return get_loss(file.settings.metric, file.data["task"], file.data["n_classes"])


def terms_of(file: SweepFile) -> Terms:
    """What is fixed beforehand of every comparison."""
    loss, data = loss_of(file), file.data
    margin = file.settings.margin
    return Terms(
        loss,
        METRICS[loss].margin if margin is None else margin,
        n_comparisons(file.contests),
        data["n_confirm"],
        row_weight=row_weight(loss, data["n_classes"], data["rarest_share"]),
        n_groups=data["n_confirm_groups"],
    )


def report(
    file: SweepFile, store: Store, judge: Judge, standing: Standing, *, is_held: bool
) -> SweepReport:
    """Put together what a person is told."""
    terms = judge.terms
    records = store.all_records()
    is_settled = _is_settled(file, store, standing)
    best = _best(file, store, judge, standing) if is_settled and file.has_final else None
    is_done = is_settled and (best is not None or not file.has_final)
    states = Counter(record.state for record in records)
    return SweepReport(
        name=file.name,
        state="running" if is_held else "done" if is_done else _unfinished(file, store),
        settings=file.settings,
        recipe=file.recipe,
        data=file.data,
        conditions=_conditions(file, terms),
        terms=terms,
        factors=standing.factors,
        notes=(*file.data["notes"], *_notes(file, standing, store)),
        complete=states["complete"],
        pruned=states["pruned"],
        failed=states["failed"],
        trainings=sum(record.trainings for record in records),
        seconds=store.seconds,
        compile_seconds=sum(record.compile_seconds for record in records),
        best=best,
        records=tuple(records),
        search=_search(file, store),
    )


def _search(file: SweepFile, store: Store) -> SearchReport | None:
    """Where the search stands."""
    search = search_of(file)
    if search is None:
        return None
    trials = search_trials(store)
    done = [selected for after, selected in selections(search, store) if after == len(trials)]
    selected = done[0] if done else ()
    chosen = choose(selected) if selected else None
    point = {} if chosen is None else trials[chosen.candidate.number].params
    handed = trials[-1].noted if trials else {}
    return SearchReport(
        space=search.space,
        sampler=handed.get("sampler", file.settings.sampler),
        pruner=handed.get("pruner", file.settings.pruner),
        prior="none" if "sampler" in handed else file.settings.used_prior,
        trials=len(trials),
        most=search.n_trials,
        reason=why_over(trials, search.n_trials, file.settings, store.seconds),
        selected=selected,
        chosen=chosen,
        edges=edges(search.space, point) if point else (),
    )


def _is_settled(file: SweepFile, store: Store, standing: Standing) -> bool:
    """Whether all comparisons and the search are over."""
    asked = [arm for contest in file.contests for arm in contest.arms]
    has_pilot = all(_has_pilot(arm, file, store) for arm in asked)
    return standing.current is None and has_pilot and _search_is_over(file, store)


def _best(file: SweepFile, store: Store, judge: Judge, standing: Standing) -> Best | None:
    """The best recipe and its final model, which is the last that a sweep trains."""
    best = best_recipe(file, standing, store)
    record = final_record(store, best.recipe)
    if record is None:
        return None
    return Best(
        recipe=best.recipe,
        reason=best.reason,
        validation=record.value,
        confirm=judge.confirm_loss(record),
        versus_default=best.versus_default,
        record=record,
    )


def _unfinished(file: SweepFile, store: Store) -> State:
    budget = file.settings.budget
    return "stopped" if budget is not None and store.seconds >= budget else "interrupted"


def _conditions(file: SweepFile, terms: Terms) -> Mapping[str, Any]:
    settings, recipe = file.settings, file.recipe
    depths = [contest.default.recipe.depth for contest in file.contests] or [recipe.depth]
    return {
        "recipe": settings.default_name,
        "levels": settings.levels,
        "model": f"{settings.model or settings.hypermodel} ({file.model})" if file.model else None,
        "depth": None if file.model else recipe.depth if len(depths) == 1 else depths,
        "width": None if file.model else recipe.width,
        "batch_size": recipe.batch_size,
        "epochs": recipe.epochs,
        "early_stopping_patience": defaults.EARLY_STOPPING_PATIENCE,
        "validation_share": defaults.VALIDATION_SHARE,
        "n_development": file.data["n_rows"] - file.data["n_confirm"],
        "n_confirm": file.data["n_confirm"],
        "group": settings.group,
        "time": settings.time,
        "class_weight": settings.class_weight,
        "loss": str(terms.loss),
        "margin": terms.margin,
        "comparisons": terms.comparisons,
        "pilot_trials": settings.pilot_trials,
        "lanes": settings.lanes,
        "replicates": settings.n_replicates,
    }


def _search_is_over(file: SweepFile, store: Store) -> bool:
    """Whether nothing is left to search or to select."""
    search = search_of(file)
    if search is None:
        return True
    trials = search_trials(store)
    selected = [after for after, _ in selections(search, store)]
    reason = why_over(trials, search.n_trials, file.settings, store.seconds)
    return len(trials) in selected and reason is not None


def _has_pilot(arm: Arm, file: SweepFile, store: Store) -> bool:
    return len(store.records(arm.pilot_study)) >= file.settings.pilot_trials


def _notes(file: SweepFile, standing: Standing, store: Store) -> list[str]:
    """What a reader should know: windows still at the edge, replicates that failed, slow levels."""
    notes = []
    for arm in (arm for stage in standing.stages for arm in stage.arms):
        name = arm.name.replace(DEFAULT, "the default")
        pilot, confirm = store.records(arm.pilot_study), store.records(arm.confirm_study)
        if any(record.window == MOST_WIDENINGS for record in pilot):
            edge = window_of(store, arm).edge
            if edge is not None:
                which = "lowest" if edge == "low" else "highest"
                notes.append(f"{name}: the best learning rates are the {which} that were tried")
        by_keras = (record for record in (*pilot, *confirm) if record.trainer == "keras")
        if file.model is None and any(by_keras):
            notes.append(f"{name}: no stack can express it; Keras trained it, one by one")
        failed = sum(record.state == "failed" for record in confirm)
        if failed:
            notes.append(
                f"{name}: no training succeeded in {failed} of {len(confirm)} replicates, "
                "which score as a blind guess"
            )
    return notes
