import keras
import numpy as np
import pytest

from search.models import build_model, initial_weights, loss_for
from spaces import DEEP, FACTORS, SELF_NORMALIZING, SHALLOW, Recipe

LEVELS = [(factor, level.name) for factor in FACTORS for level in FACTORS[factor].levels]


@pytest.mark.parametrize("base", [SHALLOW, DEEP], ids=["shallow", "deep"])
@pytest.mark.parametrize(("factor", "level"), LEVELS)
def test_every_level_builds_and_takes_its_initial_weights(
    base: Recipe, factor: str, level: str
) -> None:
    recipe = base.replace(**{factor: level}, depth=2, width=7)
    model = build_model(recipe, 5, 3)
    weights = initial_weights(recipe, 5, 3, seed=1)
    assert [w.shape for w in weights] == [w.shape for w in model.get_weights()]
    assert {w.dtype for w in weights} == {np.dtype(np.float32)}
    for weight, kerass in zip(weights, model.weights, strict=True):
        if kerass.name != "kernel":  # all others start at the same constants
            np.testing.assert_array_equal(weight, kerass.numpy())
    model.set_weights(weights)
    assert model(np.zeros((4, 5), np.float32)).shape == (4, 3)


@pytest.mark.parametrize("recipe", [SHALLOW, DEEP, SELF_NORMALIZING])
def test_a_model_has_the_recipes_depth_and_width(recipe: Recipe) -> None:
    kernels = [w.shape for w in build_model(recipe, 5, 3).weights if w.name == "kernel"]
    assert kernels == [(5, 100), *[(100, 100)] * (recipe.depth - 1), (100, 3)]


def test_dropout_may_be_replaced_layer_by_layer() -> None:
    made: list[float] = []

    def dropout(rate: float) -> keras.layers.Layer:
        made.append(rate)
        return keras.layers.Identity(name=f"dropped_{len(made)}")

    recipe = SHALLOW.replace(regularization="dropout_inputs", dropout_rate=0.4, depth=2, width=7)
    model = build_model(recipe, 5, 3, dropout=dropout)
    assert made == [0.4, 0.4, 0.4]
    assert [x.name for x in model.layers if x.name.startswith("dropped")] == [
        "dropped_1",
        "dropped_2",
        "dropped_3",
    ]


def test_losses_take_logits_and_columns_of_numbers() -> None:
    logits = np.log(np.array([[0.5, 0.25, 0.25]]))
    loss = loss_for("classification")(np.array([[0]]), logits)
    assert float(loss) == pytest.approx(np.log(2))
    squared = loss_for("regression")(np.array([[1.0], [2.0]]), np.array([[0.0], [0.0]]))
    assert float(squared) == pytest.approx(2.5)
    with pytest.raises(ValueError, match="must be one of classification, regression"):
        loss_for("ranking")
