"""What every trainer promises."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from search.models import build_model
from search.rows import TrainingData
from search.training import Ending, Member, Result, Seeds
from search.training.contract import EpochReport
from spaces import SHALLOW
from tests.training.reference import by_keras, by_stacks, kept, small_data, small_split

Train = Callable[..., Iterator[tuple[int, Result]]]
TRAINERS: dict[str, Train] = {"stacked": by_stacks, "keras": by_keras}

SMALL = SHALLOW.replace(depth=1, width=8, batch_size=16, epochs=3)
SEEDS = Seeds(init=1, order=2, dropout=3)
MEMBERS = [
    Member(SMALL, small_split(0), SEEDS),
    Member(SMALL.replace(activation="relu", learning_rate=1e30), small_split(0), SEEDS),
    Member(SMALL.replace(activation="relu"), small_split(1), replace(SEEDS, init=9)),
    Member(SMALL.replace(epochs=40, learning_rate=0.2), small_split(0), SEEDS),
]
CALM, WILD, OTHER, STALLING = range(4)


@dataclass(frozen=True)
class Trained:
    """What a trainer made of MEMBERS."""

    name: str
    data: TrainingData
    order: list[int]
    results: dict[int, Result]

    @property
    def train(self) -> Train:
        """The trainer."""
        return TRAINERS[self.name]


@pytest.fixture(scope="module", params=TRAINERS)
def trained(request: pytest.FixtureRequest) -> Trained:
    data = small_data(noise=1.0)
    yielded = list(TRAINERS[request.param](MEMBERS, data))
    return Trained(request.param, data, [index for index, _ in yielded], dict(yielded))


def test_every_member_is_yielded_once(trained: Trained) -> None:
    assert sorted(trained.order) == list(range(len(MEMBERS)))


def test_curves_are_as_long_as_the_epochs_that_were_run(trained: Trained) -> None:
    for index, result in trained.results.items():
        curve = result.curve
        sequences = (
            curve.train_loss,
            curve.validation_loss,
            curve.validation_error,
            curve.learning_rate,
        )
        assert len({len(each) for each in sequences}) == 1
        assert 1 <= len(curve.train_loss) <= MEMBERS[index].recipe.epochs
        assert 0 <= curve.best_epoch <= len(curve.train_loss)
        assert curve.seconds >= 0


def test_endings_say_why(trained: Trained) -> None:
    curves = [trained.results[index].curve for index in range(len(MEMBERS))]
    assert [(curve.ending, curve.reason) for curve in curves] == [
        (Ending.COMPLETED, "all 3 epochs were run"),
        (Ending.DIVERGED, "the loss became nan in epoch 1"),
        (Ending.COMPLETED, "all 3 epochs were run"),
        (Ending.STOPPED_EARLY, "no better validation loss for 10 epochs"),
    ]
    assert len(curves[STALLING].train_loss) == curves[STALLING].best_epoch + 10


def test_a_member_that_diverges_ends_alone_and_empty(trained: Trained) -> None:
    wild = trained.results[WILD]
    assert wild.curve.best_epoch == 0
    assert (wild.validation, wild.held_out, wild.weights) == (None, None, None)
    for index in (CALM, OTHER, STALLING):
        assert all(np.isfinite(array).all() for array in kept(trained.results[index]))


def test_predictions_are_probabilities_by_the_kept_weights(trained: Trained) -> None:
    for index in (CALM, OTHER, STALLING):
        member, data = MEMBERS[index], trained.data
        validation, held_out, *weights = kept(trained.results[index])
        model = build_model(member.recipe, data.features.shape[1], data.n_outputs)
        model.set_weights(weights)
        for rows, predicted in (
            (data.features[member.split.validation], validation),
            (data.held_out, held_out),
        ):
            exponentials = np.exp(model(rows).numpy())
            probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
            np.testing.assert_allclose(predicted, probabilities, atol=1e-5)


def test_curves_are_of_the_validation_rows(trained: Trained) -> None:
    for index in (CALM, OTHER, STALLING):
        validation = trained.results[index].validation
        curve = trained.results[index].curve
        assert validation is not None
        targets = trained.data.targets[MEMBERS[index].split.validation]
        wrong = float((validation.argmax(axis=1) != targets).mean())
        loss = -np.log(validation[np.arange(len(targets)), targets]).mean()
        assert curve.validation_error[curve.best_epoch - 1] == pytest.approx(wrong)
        assert curve.validation_loss[curve.best_epoch - 1] == pytest.approx(loss, rel=1e-5)


def test_weights_come_only_when_asked_for_and_change_nothing_else(trained: Trained) -> None:
    [(index, result)] = trained.train(MEMBERS[:1], trained.data, keep_weights=False)
    before = trained.results[index]
    assert result.weights is None
    assert before.validation is not None
    assert result.validation is not None
    np.testing.assert_allclose(result.validation, before.validation, atol=1e-5)
    np.testing.assert_allclose(result.curve.train_loss, before.curve.train_loss, 1e-5)


def test_rows_count_in_training_as_much_as_they_weigh(trained: Trained) -> None:
    """Rows of no weight teach nothing; all of weight two are worth twice the loss."""
    whole = replace(MEMBERS[CALM], recipe=SMALL.replace(epochs=1, batch_size=90))
    curves = []
    for weight in (0.0, 1.0, 2.0):
        weights = np.full(len(trained.data.features), weight, np.float32)
        data = replace(trained.data, sample_weight=weights)
        [(_, result)] = trained.train([whole], data)
        curves.append(result.curve)
    none, one, two = (curve.train_loss[0] for curve in curves)
    assert none == 0
    assert two == pytest.approx(2 * one, rel=1e-5)
    assert curves[0].validation_loss > curves[1].validation_loss


def test_who_is_pruned_ends_there_with_what_was_kept_so_far(trained: Trained) -> None:
    """And only who is still in training is asked about, once an epoch."""
    heard: list[EpochReport] = []

    def prune(reports: Sequence[EpochReport]) -> list[int]:
        heard.extend(reports)
        return [report.index for report in reports if (report.index, report.epoch) == (STALLING, 4)]

    results = dict(trained.train(MEMBERS, trained.data, prune=prune))
    assert sorted((report.index, report.epoch) for report in heard) == [
        *((CALM, epoch) for epoch in (1, 2)),
        *((OTHER, epoch) for epoch in (1, 2)),
        *((STALLING, epoch) for epoch in (1, 2, 3, 4)),
    ]
    curve, whole = results[STALLING].curve, trained.results[STALLING].curve
    assert (curve.ending, curve.reason) == (Ending.PRUNED, "pruned after epoch 4")
    np.testing.assert_allclose(curve.validation_loss, whole.validation_loss[:4], 1e-5)
    assert curve.best_epoch == np.argmin(curve.validation_loss) + 1
    validation = results[STALLING].validation
    assert validation is not None
    targets = trained.data.targets[MEMBERS[STALLING].split.validation]
    loss = -np.log(validation[np.arange(len(targets)), targets]).mean()
    assert loss == pytest.approx(min(curve.validation_loss), rel=1e-5)
    for report in heard:
        curve = results[report.index].curve
        assert report.validation_loss == pytest.approx(curve.validation_loss[report.epoch - 1])
        assert report.validation_error == pytest.approx(curve.validation_error[report.epoch - 1])
    for index in (CALM, WILD, OTHER):
        assert results[index].curve.ending is trained.results[index].curve.ending


def test_results_say_who_trained(trained: Trained) -> None:
    assert {result.trainer for result in trained.results.values()} == {trained.name}


def test_what_cannot_be_trained_ends_alone_with_its_reason(trained: Trained) -> None:
    impossible = replace(MEMBERS[CALM], recipe=SMALL.replace(depth=2, width=2**24))
    results = dict(trained.train([impossible, MEMBERS[CALM]], trained.data))
    curve = results[0].curve
    assert curve.ending is Ending.FAILED
    assert "allocat" in curve.reason  # in each library's words
    assert (curve.train_loss, curve.best_epoch) == ((), 0)
    assert (results[0].validation, results[0].held_out, results[0].weights) == (None, None, None)
    assert results[1].curve.ending is Ending.COMPLETED


def test_no_members_are_no_results(trained: Trained) -> None:
    assert list(trained.train([], trained.data)) == []


def test_a_regression_is_predicted_in_numbers(trained: Trained) -> None:
    data = small_data("regression")
    [(_, result)] = trained.train(MEMBERS[:1], data)
    validation, held_out, *_ = kept(result)
    assert (validation.shape, held_out.shape) == ((30, 1), (7, 1))
    targets = data.targets[MEMBERS[CALM].split.validation]
    rmse = np.sqrt(((validation[:, 0] - targets) ** 2).mean())
    best = result.curve.best_epoch - 1
    assert result.curve.validation_error[best] == pytest.approx(rmse, rel=1e-5)
