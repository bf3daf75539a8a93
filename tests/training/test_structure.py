from dataclasses import replace

import pytest

from search.models import build_model
from search.training.network import ACTIVATIONS
from search.training.structure import ACTIVATIONS as KNOWN_ACTIVATIONS
from search.training.structure import Structure, knows
from spaces import FACTORS, SHALLOW, Recipe, Value

N_FEATURES, N_OUTPUTS = 5, 3


def structure(recipe: Recipe) -> Structure:
    return Structure.of(recipe, n_features=N_FEATURES, n_outputs=N_OUTPUTS, task="classification")


@pytest.mark.parametrize(
    ("factor", "shared"),
    [
        ("optimizer", ("nag", "momentum", "sgd")),
        ("optimizer", ("adam", "adamw")),
        ("regularization", ("early_stopping", "none", "weight_decay")),
        ("regularization", ("l1", "l2", "l1_l2")),
        ("initializer", tuple(level.name for level in FACTORS["initializer"].levels)),
        ("lr_schedule", tuple(level.name for level in FACTORS["lr_schedule"].levels)),
    ],
    ids=lambda names: names if isinstance(names, str) else "-".join(names),
)
def test_levels_that_differ_in_numbers_share_a_structure(
    factor: str, shared: tuple[str, ...]
) -> None:
    assert len({structure(SHALLOW.replace(**{factor: level})) for level in shared}) == 1


def test_numbers_are_no_part_of_a_structure() -> None:
    dropout = SHALLOW.replace(regularization="dropout")
    numbers = {"learning_rate": 0.2, "momentum": 0.8, "dropout_rate": 0.5, "epochs": 99}
    assert structure(dropout.replace(**numbers)) == structure(dropout)


@pytest.mark.parametrize(
    "change",
    [
        {"activation": "relu"},
        {"normalization": "batch"},
        {"normalization": "batch_after"},
        {"optimizer": "adam"},
        {"optimizer": "nadam"},
        {"optimizer": "rmsprop"},
        {"regularization": "l2"},
        {"regularization": "dropout"},
        {"regularization": "alpha_dropout"},
        {"regularization": "dropout_inputs"},
        {"regularization": "dropout_last"},
        {"regularization": "max_norm"},
        {"depth": 3},
        {"width": 50},
        {"batch_size": 64},
    ],
    ids=str,
)
def test_what_shapes_the_computation_makes_another_structure(change: dict[str, Value]) -> None:
    assert structure(SHALLOW.replace(**change)) != structure(SHALLOW)


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("normalization", [x.name for x in FACTORS["normalization"].levels])
def test_roles_and_numbers_of_weights_are_those_of_the_keras_model(
    normalization: str, depth: int
) -> None:
    recipe = SHALLOW.replace(normalization=normalization, depth=depth, width=7)
    model = build_model(recipe, N_FEATURES, N_OUTPUTS)
    roles = structure(recipe).roles
    assert [role.removeprefix("output_") for role in roles] == [x.name for x in model.weights]
    assert roles.index("output_kernel") == len(roles) - 2
    assert structure(recipe).n_weights == model.count_params()


def test_rows_with_weights_make_another_structure() -> None:
    plain = structure(SHALLOW)
    assert replace(plain, weighted=True) == Structure.of(
        SHALLOW, n_features=N_FEATURES, n_outputs=N_OUTPUTS, task="classification", weighted=True
    )


def test_stacks_know_the_activations_they_support() -> None:
    """The planner has their names without TensorFlow."""
    assert set(KNOWN_ACTIVATIONS) == set(ACTIVATIONS)


def test_stacks_support_every_level() -> None:
    for factor in FACTORS.values():
        for level in factor.levels:
            assert knows(SHALLOW.replace(**{factor.name: level.name}))
