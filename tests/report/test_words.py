import dataclasses
import io
from typing import Any

import pytest
from rich.console import Console

from search.report.markdown import verdict_markdown
from search.report.page import page
from search.report.table import verdict_view
from search.report.words import best_recipe, conditions, headline, how_to_read, next_step, tally
from search.settings import Settings
from search.sweep.records import Best, State, SweepReport
from search.verdict import FactorVerdict, Loss, Terms
from spaces import SHALLOW
from tests.factories import pilot_trial
from tests.reports import comparison, factor, mixed, report

HOLDS = factor("initializer", {"glorot_uniform": 0.03})
BEATEN = factor("normalization", {"batch": -0.03})
SOON = FactorVerdict("activation", "elu", (comparison("relu", 0.0, replicates=16),))
LATER = FactorVerdict("optimizer", "nag", (comparison("adam", -0.007, replicates=16),))


def test_the_headline_counts_what_holds_and_names_what_does_not() -> None:
    assert headline(report()) == (
        "On digits, 4 of the 6 defaults of the shallow recipe hold; normalization none is beaten "
        "by batch; optimizer nag is beaten only by the guideline's other choice, adamw; 1 is "
        "still open: needs about 670 more confirm rows."
    )


@pytest.mark.parametrize(
    ("factors", "words"),
    [
        ((HOLDS, HOLDS), "all 2 defaults of the shallow recipe hold."),
        ((HOLDS, BEATEN), "1 of the 2 defaults of the shallow recipe holds; normalization none"),
        ((BEATEN, BEATEN), "of the 2 defaults of the shallow recipe, normalization none is"),
        ((SOON, SOON), "of the 2 defaults of the shallow recipe, 2 are still open: needs about"),
        ((HOLDS,), "under the shallow recipe, initializer he_normal holds: every alternative is"),
        ((BEATEN,), "under the shallow recipe, normalization none is beaten by batch."),
        ((SOON,), "under the shallow recipe, activation elu is still open: needs about"),
    ],
)
def test_the_headline_fits_any_number_of_factors(
    factors: tuple[FactorVerdict, ...], words: str
) -> None:
    assert headline(report(factors)).startswith(f"On digits, {words}")


def test_the_headline_names_the_replicates_that_would_settle_all_that_is_open() -> None:
    assert SOON.needs.replicates is not None
    assert LATER.needs.replicates is not None
    assert SOON.needs.replicates < LATER.needs.replicates
    ending = f"({LATER.needs.replicates} in all)."
    assert "2 are still open: needs about" in headline(report((HOLDS, SOON, LATER)))
    assert headline(report((HOLDS, SOON, LATER))).endswith(ending)


def test_what_is_open_for_different_reasons_is_only_counted() -> None:
    rows = factor("activation", {"swish": -0.011})
    assert headline(report((HOLDS, SOON, rows))).endswith("; 2 are still open.")


def whole(name: str, default: str, level: str, mean: float, **how: Any) -> FactorVerdict:
    """A question about more than one default."""
    return FactorVerdict(name, default, (comparison(level, mean, **how),))


BLOCK = whole("block", "he_normal+elu+none", "he_normal+swish+batch", -0.03)
RECIPE = whole("recipe", "shallow", "deep", 0.03)
TOGETHER = whole("combination", "shallow", "batch+adam", -0.03)


@pytest.mark.parametrize(
    ("factors", "words"),
    [
        (
            (HOLDS, BEATEN, BLOCK, RECIPE),
            (
                "1 of the 2 defaults of the shallow recipe holds; normalization none is beaten by "
                "batch; the block he_normal+elu+none is beaten by he_normal+swish+batch; the whole "
                "recipe holds: every alternative is worse."
            ),
        ),
        (
            (RECIPE,),
            "under the shallow recipe, the whole recipe holds: every alternative is worse.",
        ),
        (
            (BEATEN, BEATEN, TOGETHER),
            (
                "of the 2 defaults of the shallow recipe, normalization none is beaten by batch; "
                "normalization none is beaten by batch; batch+adam together: better than the "
                "default by more than 1 percentage point."
            ),
        ),
    ],
)
def test_the_headline_speaks_of_blocks_recipes_and_combinations_apart(
    factors: tuple[FactorVerdict, ...], words: str
) -> None:
    assert headline(report(factors)) == f"On digits, {words}"


def test_an_open_combination_says_what_it_needs() -> None:
    open_one = whole("combination", "shallow", "batch+adam", -0.007, replicates=16)
    ending = "; whether batch+adam together beat the whole recipe is open: needs about"
    assert ending in headline(report((BEATEN, BEATEN, open_one)))


def test_the_headline_and_the_conditions_name_every_depth() -> None:
    parts = [dataclasses.replace(f, depth=d) for d in (2, 20) for f in (HOLDS, BEATEN)]
    shown = report(tuple(parts), settings=Settings(depth=(2, 20)))
    at = "{} hidden layers, 1 of the 2 defaults of the shallow recipe holds; normalization none"
    assert headline(shown).startswith(f"On digits, at {at.format(2)} is beaten by batch. At ")
    assert f"At {at.format(20)} is beaten by batch." in headline(shown)
    assert conditions(shown)["network"].startswith("2 and 20 hidden layers of 100 units")


def test_conditions_tell_what_each_kind_of_claim_is_about() -> None:
    def about(*factors: FactorVerdict) -> str:
        return conditions(report(factors))["default"]

    assert about(HOLDS).endswith("each swapped alone, given the others")
    assert about(BLOCK).endswith("as one block, given the others")
    assert about(RECIPE).endswith("; another recipe of the guideline as a whole")
    assert "swapped alone" not in about(BLOCK, RECIPE)
    other = factor("optimizer", {"adam": -0.03})
    assert about(BEATEN, other).endswith("tried together once every factor is settled")
    assert about(BEATEN, other, TOGETHER).endswith("on replicates of its own")


def test_a_file_is_named_without_its_folder() -> None:
    assert headline(report(settings=Settings(data="/data/houses.csv"))).startswith(
        "On houses.csv, "
    )


def test_without_a_look_nothing_can_be_said() -> None:
    early = report(mixed(replicates=0))
    words = "nothing can be said yet about the shallow recipe: the first look is at 16 replicates"
    assert headline(early) == f"On digits, {words}."


def test_too_few_confirm_rows_are_named_with_what_it_takes() -> None:
    few = Terms(Loss.ERROR_RATE, margin=0.01, comparisons=16, n_rows=30)
    words = "a margin of 1 percentage point takes 100 confirm rows, and there are 30."
    assert headline(report(terms=few)).endswith(words)


def test_the_tally_leaves_out_what_there_is_none_of() -> None:
    assert tally(mixed()) == "4 hold, 1 beaten, 1 open"
    assert tally((HOLDS,)) == "1 holds"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("running", "Still running"),
        ("interrupted", "run the same command again"),
        ("stopped", "with a larger --budget"),
    ],
)
def test_an_unfinished_sweep_says_how_to_go_on(state: State, words: str) -> None:
    assert words in str(next_step(report(state=state)))


def test_a_finished_sweep_goes_on_only_where_more_replicates_would_help() -> None:
    settings = Settings(replicates=16)
    wanted = LATER.needs.replicates
    step = next_step(report((HOLDS, LATER), settings=settings))
    assert step == f"To go on, run it again with --replicates {wanted}."
    assert next_step(report((HOLDS, BEATEN), settings=settings)) is None
    assert next_step(report((factor("activation", {"swish": -0.011}),))) is None


def test_conditions_tell_how_rows_were_split_and_weighed() -> None:
    told = conditions(report(settings=Settings(group="patient", class_weight="balanced")))["data"]
    words = "features; rows of one patient kept together; in training all classes weigh the same"
    assert told.endswith(words)
    told = conditions(report(settings=Settings(time="day")))["data"]
    assert told.endswith(
        "features; the latest by day confirm, "
        "and every replicate is validated on the same latest of the others"
    )
    assert conditions(report())["data"].endswith("features")


def test_conditions_name_all_that_was_held_fixed() -> None:
    one_layer = dataclasses.replace(report(), settings=Settings(seed=7, lanes=1))
    words = " | ".join(conditions(one_layer).values())
    for part in (
        "digits: 1,437 development and 360 confirm rows, 64 features",
        "initializer he_normal, activation elu, normalization none, regularization early_stopping",
        "each swapped alone, given the others",
        "2 hidden layers of 100 units; batches of 32, at most 30 epochs",
        "learning rate and strengths anew for every level: 32 pilot trials, then 1 lane in each",
        "differences matter from 1 percentage point",
        "at most 32 replicates, seed 7",
        "the probability of any false claim here is at most 5 %",
    ):
        assert part in words


def test_a_hypermodels_own_values_are_told_and_that_its_fit_may_say_otherwise() -> None:
    shown = report()
    own = dataclasses.replace(shown.recipe, values=(("units", 32), ("rate", 0.012345)))
    told = conditions(
        dataclasses.replace(
            shown, recipe=own, conditions={**shown.conditions, "model": "hyper.py:Hyper (0a)"}
        )
    )
    assert told["default"].startswith("units 32, rate 0.0123; ")
    assert told["network"] == (
        "hyper.py:Hyper (0a); batches of 32, at most 30 epochs, where its own fit says nothing else"
    )
    assert told["tuning"] == "none: each is trained with its own values"


def test_the_legend_explains_what_is_there() -> None:
    assert "percentage points" in how_to_read(report())["difference"]
    rmse = Terms(Loss.RMSE, margin=0.02, comparisons=16, n_rows=360)
    assert "in RMSE on the confirm rows, in %" in how_to_read(report(terms=rmse))["difference"]
    assert "*" in how_to_read(report())
    assert "*" not in how_to_read(report((HOLDS,)))
    assert "default better" not in how_to_read(report())
    assert "default better" in how_to_read(report(), detailed=True)


def with_best(loss: Loss = Loss.ERROR_RATE, **changes: Any) -> SweepReport:
    terms = Terms(loss, margin=0.01, comparisons=16, n_rows=360)
    shown = report(terms=terms)
    best = Best(
        recipe=shown.recipe.replace(activation="swish", learning_rate=0.1),
        reason="activation swish beats the default",
        validation=0.03,
        confirm=0.0254,
        versus_default=None,
        record=pilot_trial(),
    )
    return dataclasses.replace(shown, best=dataclasses.replace(best, **changes))


def test_the_best_recipe_is_told_by_what_sets_it_apart_and_how_to_have_it() -> None:
    assert best_recipe(with_best()) == (
        "the default with activation swish (activation swish beats the default), "
        "error 2.5 % on the confirm rows.\n"
        "To take it along: python -m search export digits-shallow --to DIR"
    )
    wider = best_recipe(with_best(recipe=SHALLOW.replace(optimizer="adam", width=400)))
    assert wider is not None
    assert wider.startswith("the default with optimizer adam, 400 units (")
    default = best_recipe(with_best(recipe=SHALLOW, confirm=None))
    assert default is not None
    assert default.startswith("the default (activation swish beats the default).\n")
    assert best_recipe(report()) is None


def test_terminal_and_mlflow_say_what_the_best_recipe_is_and_the_page_under_a_heading() -> None:
    told = "the default with activation swish (activation swish beats the default)"
    shown, console = with_best(), Console(width=200, file=io.StringIO())
    console.print(verdict_view(shown))
    assert isinstance(console.file, io.StringIO)
    assert f"Best recipe: {told}" in console.file.getvalue()
    assert f"Best recipe: {told}" in verdict_markdown(shown)
    assert f"<p>T{told[1:]}" in page(shown)


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (Loss.RMSE, "RMSE 0.0254 standard deviations on the confirm rows"),
        (Loss.LOG_LOSS, "log loss 0.0254 on the confirm rows"),
        (Loss.AUC, "1 − AUC 2.5 % on the confirm rows"),
    ],
)
def test_its_score_is_told_in_its_metrics_unit(loss: Loss, words: str) -> None:
    assert words in (best_recipe(with_best(loss)) or "")


def test_a_best_recipe_whose_final_training_failed_cannot_be_exported() -> None:
    told = best_recipe(with_best(validation=None, confirm=None))
    assert told is not None
    assert told.endswith("its final training failed: no better validation loss for 10 epochs.")
