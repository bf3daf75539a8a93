"""What Monte Carlo dropout makes of probabilities.

    python tests/long/monte_carlo_dropout.py [SAMPLES]

trains a dense network with 20 % dropout on Fashion-MNIST and compares its log loss and error on the
10,000 test rows with and without (100 samples by default).
"""

import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parents[2]))  # `search` may not be installed

import keras
import numpy as np
from scipy.special import softmax

from search.data import load_dataset
from search.models import MonteCarloDropout, build_model, build_optimizer, loss_for
from search.rows import Array
from spaces import SHALLOW

RECIPE = SHALLOW.replace(
    width=300, regularization="dropout", dropout_rate=0.2, epochs=12, batch_size=128
)


def main(samples: int) -> None:
    data = load_dataset("fashion_mnist")
    split = data.split(np.random.default_rng(0))
    keras.utils.set_random_seed(0)
    model = build_model(RECIPE, data.n_features, data.n_classes)
    model.compile(optimizer=build_optimizer(RECIPE), loss=loss_for("classification"))
    stopping = keras.callbacks.EarlyStopping(patience=10, restore_best_weights=True)
    model.fit(
        data.x[split.train],
        data.y[split.train],
        batch_size=RECIPE.batch_size,
        epochs=RECIPE.epochs,
        validation_data=(data.x[split.validation], data.y[split.validation]),
        callbacks=[stopping],
        verbose=0,
    )
    plain = softmax(model.predict(data.x_confirm, verbose=0, batch_size=1024), axis=-1)
    report("without", plain, data.y_confirm)
    started = time.perf_counter()
    found = MonteCarloDropout(model).predict(data.x_confirm, samples)
    seconds = time.perf_counter() - started
    report(f"with, {samples} samples in {seconds:.1f} s", found.mean, data.y_confirm)


def report(name: str, probabilities: Array, targets: Array) -> None:
    classes = targets.astype(int)
    surprise = -np.log(probabilities[np.arange(len(classes)), classes]).mean()
    error = (probabilities.argmax(axis=1) != classes).mean()
    print(f"{name}: log loss {surprise:.4f}, error rate {100 * error:.2f} %", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
