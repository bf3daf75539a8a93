"""Whether a stack trains as well as plain Keras does.

    python tests/long/compare_quality.py [SEEDS] [--first SEED] [--recipe NAME ...]

trains some recipes on digits with as many seeds each (20 by default), in stacks and with
`keras.Model.fit` as people write it, its own initial weights and dropout included, and prints both
mean errors on the confirm rows and their difference in standard errors.

`fit` is given a data set that shuffles. Given arrays after `keras.utils.set_random_seed`, it shows
the same batches in every epoch (Keras 3.15 on TensorFlow 2.21), and batch normalization suffers: an
error of 1.97 instead of 1.6 per cent.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parents[2]))  # `tests` is no installed package

import keras
import numpy as np
import tensorflow as tf

from search.data import Dataset, load_dataset, split_development
from search.defaults import VALIDATION_SHARE
from search.rows import Array
from search.seeds import derive, generator
from search.training.contract import Member, Seeds
from search.training.dispatch import train
from spaces import SHALLOW, Recipe
from tests.benchmarks.keras_code import callbacks, compiled
from tests.benchmarks.materials import Material

RECIPES = {
    "default": SHALLOW.replace(learning_rate=0.03),
    "batch norm, AdamW": SHALLOW.replace(
        normalization="batch", optimizer="adamw", learning_rate=3e-3
    ),
    "dropout, exponential": SHALLOW.replace(
        regularization="dropout", lr_schedule="exponential", learning_rate=0.03
    ),
    "l2, ReLU, constant": SHALLOW.replace(
        activation="relu", regularization="l2", lr_schedule="constant", learning_rate=0.03
    ),
}


def material(dataset: Dataset, seed: int) -> Material:
    """Digits under the split of a seed, the same for both sides."""
    split = split_development(dataset.y, VALIDATION_SHARE, generator(seed, "quality"))
    return Material("digits", dataset.training_data(with_confirm=True), split, 30, 1)


def stacked_errors(recipe: Recipe, materials: Mapping[int, Material], y: Array) -> Array:
    """(seeds,) error rates on the confirm rows of members trained in stacks.

    Args:
        recipe: of all members.
        materials: by seed.
        y: classes of the confirm rows.
    """
    names = ("init", "order", "dropout")
    members = [
        Member(recipe, its.split, Seeds(*(derive(seed, name) for name in names)))
        for seed, its in materials.items()
    ]
    errors = np.empty(len(members))
    for index, result in train(members, next(iter(materials.values())).data):
        assert result.held_out is not None, result.curve.reason
        errors[index] = (result.held_out.argmax(axis=1) != y).mean()
    return errors


def keras_error(recipe: Recipe, its: Material, y: Array, seed: int) -> float:
    """Error rate on the confirm rows of one plain `fit`."""
    keras.utils.set_random_seed(seed)
    model = compiled(recipe, its)
    train = tf.data.Dataset.from_tensor_slices(its.train)
    model.fit(
        train.shuffle(len(train), seed=seed).batch(recipe.batch_size),
        epochs=recipe.epochs,
        validation_data=its.validation,
        callbacks=callbacks(recipe),
        verbose=0,
    )
    outputs = model.predict(its.data.held_out, verbose=0)
    keras.utils.clear_session()
    return float((outputs.argmax(axis=1) != y).mean())


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", type=int, nargs="?", default=20)
    parser.add_argument("--first", type=int, default=0, metavar="SEED")
    parser.add_argument("--recipe", nargs="+", default=list(RECIPES), choices=list(RECIPES))
    chosen = parser.parse_args(arguments)
    dataset, seeds = load_dataset("digits"), range(chosen.first, chosen.first + chosen.seeds)
    materials = {seed: material(dataset, seed) for seed in seeds}
    print(f"{f'error in percent, {chosen.seeds} seeds':24} stack   fit     difference")
    for name in chosen.recipe:
        recipe = RECIPES[name]
        ours = 100 * stacked_errors(recipe, materials, dataset.y_confirm)
        pairs = materials.items()
        errors = [keras_error(recipe, its, dataset.y_confirm, seed) for seed, its in pairs]
        theirs = 100 * np.array(errors)
        difference = ours.mean() - theirs.mean()
        spread = np.sqrt((ours.var(ddof=1) + theirs.var(ddof=1)) / chosen.seeds)
        print(
            f"{name:24} {ours.mean():5.2f}   {theirs.mean():5.2f}   {difference:+.2f}, "
            f"{abs(difference) / spread:.1f} standard errors",
            flush=True,
        )


if __name__ == "__main__":
    main()
