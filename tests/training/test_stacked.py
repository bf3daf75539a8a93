from dataclasses import replace

import numpy as np
import pytest

from search.models import build_model
from search.rows import TrainingData
from search.training import Ending, Member, Seeds
from search.training.stack import CHUNK
from spaces import SHALLOW
from tests.training.reference import (
    N_ROWS,
    N_TRAIN,
    assert_same,
    by_stacks,
    identical,
    kept,
    log_loss,
    small_data,
    small_split,
    trained,
    varied,
)

SMALL = SHALLOW.replace(width=8, batch_size=16, epochs=4)
# Every random number matters here, and rows meet in batch normalization.
DROPPING = SMALL.replace(normalization="batch", regularization="dropout", dropout_rate=0.3)
FLOAT32 = 1e-4


@pytest.mark.parametrize("size", [2, 3, 7, 12])
def test_a_member_trains_the_same_alone_and_in_any_company(size: int, data: TrainingData) -> None:
    """Three and seven leave places empty, of twelve some take a place later."""
    members = varied(DROPPING, size)
    together = trained(members, data)
    [alone] = trained(members[-1:], data)
    assert_same(together[-1], alone, FLOAT32)


def test_a_hundred_steps_among_63_others_end_as_alone(data: TrainingData) -> None:
    members = varied(DROPPING.replace(epochs=18, learning_rate=0.01), 64)
    [alone] = trained(members[40:41], data)
    assert len(alone.curve.train_loss) * -(-N_TRAIN // DROPPING.batch_size) > 100
    assert_same(trained(members, data)[40], alone, FLOAT32)


def test_trainings_repeat_bit_for_bit(data: TrainingData) -> None:
    members = [*varied(DROPPING, 11), *varied(SMALL, 3)]
    assert all(map(identical, trained(members, data), trained(members, data)))


def test_members_of_any_structure_length_and_split_train_in_one_call(data: TrainingData) -> None:
    longer = Member(SMALL.replace(epochs=6, optimizer="sgd"), small_split(0), Seeds(1, 2, 3))
    smaller = Member(SMALL, small_split(0, n_train=70), Seeds(1, 2, 3))
    deeper = Member(SMALL.replace(depth=3, optimizer="adam"), small_split(0), Seeds(1, 2, 3))
    members = [*varied(SMALL, 2), longer, smaller, deeper]
    results = trained(members, data)
    assert [len(result.curve.train_loss) for result in results] == [4, 4, 6, 4, 4]
    for member, result in zip(members, results, strict=True):
        [alone] = trained([member], data)
        assert_same(result, alone, FLOAT32)


def test_predictions_are_of_the_right_rows(data: TrainingData) -> None:
    """More of them than fit in a chunk: the held-out rows are the others shuffled and repeated.

    Of more members than stand side by side.
    """
    rows = np.random.default_rng(0).integers(N_ROWS, size=2 * CHUNK + 3)
    known = replace(data, held_out=data.features[rows])
    members = varied(SMALL, 10)
    for member, result in zip(members, trained(members, known), strict=True):
        assert result.validation is not None
        assert result.held_out is not None
        assert result.held_out.shape == (len(rows), 3)
        for predicted, row in zip(result.validation, member.split.validation, strict=True):
            expected = np.broadcast_to(predicted, (int((rows == row).sum()), 3))
            np.testing.assert_allclose(result.held_out[rows == row], expected, 1e-5)


def test_no_rows_held_out_are_no_predictions(data: TrainingData) -> None:
    [result] = trained(varied(SMALL, 1), replace(data, held_out=data.held_out[:0]))
    assert result.held_out is not None
    assert result.held_out.shape == (0, 3)


def test_early_stopping_gives_back_the_best_epoch(unlearnable: TrainingData) -> None:
    members = varied(SMALL.replace(epochs=40, lr_schedule="constant"), 4)
    for member, result in zip(members, trained(members, unlearnable), strict=True):
        curve = result.curve
        assert curve.ending is Ending.STOPPED_EARLY
        assert curve.reason == "no better validation loss for 10 epochs"
        assert len(curve.validation_loss) == curve.best_epoch + 10
        best = min(curve.validation_loss)
        assert curve.validation_loss[curve.best_epoch - 1] == best
        assert log_loss(result, member, unlearnable) == pytest.approx(best, rel=1e-5)


def test_none_gives_back_the_last_epoch(unlearnable: TrainingData) -> None:
    """Beside members that keep an earlier one: they share a structure."""
    restoring, *members = varied(SMALL.replace(epochs=15), 4)
    members = [replace(x, recipe=x.recipe.replace(regularization="none")) for x in members]
    _, *results = trained([restoring, *members], unlearnable)
    for member, result in zip(members, results, strict=True):
        assert result.curve.best_epoch == 15
        last = result.curve.validation_loss[-1]
        assert last > min(result.curve.validation_loss)
        assert log_loss(result, member, unlearnable) == pytest.approx(last, rel=1e-5)


@pytest.mark.parametrize("normalization", ["none", "batch", "batch_after", "layer"])
def test_the_weights_are_those_of_the_keras_model(normalization: str, data: TrainingData) -> None:
    members = varied(SMALL.replace(normalization=normalization), 2)
    for member, result in zip(members, trained(members, data), strict=True):
        model = build_model(member.recipe, data.features.shape[1], data.n_outputs)
        validation, held_out, *weights = kept(result)
        model.set_weights(weights)
        for rows, predicted in (
            (data.features[member.split.validation], validation),
            (data.held_out, held_out),
        ):
            exponentials = np.exp(model(rows).numpy())
            probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
            np.testing.assert_allclose(predicted, probabilities, atol=1e-5)


def test_it_learns_a_regression() -> None:
    data = small_data("regression")
    members = varied(SMALL.replace(epochs=30, learning_rate=0.02), 3)
    for member, result in zip(members, trained(members, data), strict=True):
        assert result.validation is not None
        assert result.validation.shape == (len(member.split.validation), 1)
        targets = data.targets[member.split.validation]
        error = np.sqrt(np.mean((result.validation[:, 0] - targets) ** 2))
        best = result.curve.best_epoch - 1
        assert result.curve.validation_error[best] == pytest.approx(error, rel=1e-5)
        assert error < 0.7 * targets.std()


def test_closing_ends_what_is_in_training(data: TrainingData) -> None:
    endless = SMALL.replace(epochs=100_000, lr_schedule="constant", regularization="none")
    members = [*varied(SMALL, 1), *varied(endless.replace(activation="relu"), 1)]
    results = by_stacks(members, data)
    assert next(results)[0] == 0
    results.close()  # type: ignore[attr-defined]  # it is a generator


def test_compiling_is_told_once_and_apart_from_training(data: TrainingData) -> None:
    members = varied(SMALL.replace(width=11), 3)  # nothing else is as wide
    first, *others = (result for _, result in by_stacks(members, data))
    assert first.compile_seconds > sum(result.curve.seconds for result in (first, *others)) > 0
    assert [result.compile_seconds for result in others] == [0, 0]
    again = trained(members, data)
    assert [result.compile_seconds for result in again] == [0, 0, 0]
    assert all(result.curve.seconds > 0 for result in again)


def test_other_rows_are_compiled_for_anew(data: TrainingData) -> None:
    members = varied(SMALL.replace(width=12), 2)
    trained(members, data)
    longer = replace(
        data,
        features=np.concatenate([data.features] * 2),
        targets=np.concatenate([data.targets] * 2),
    )
    first, second = trained(members, longer)
    assert first.compile_seconds > first.curve.seconds + second.curve.seconds


def test_a_training_of_one_epoch_may_be_all_compiling(data: TrainingData) -> None:
    [result] = trained(varied(SMALL.replace(width=13, epochs=1), 1), data)
    assert result.compile_seconds > 0
    assert result.curve.seconds == 0
