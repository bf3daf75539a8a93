"""The guideline on a small convolutional network of a person's own.

    python tests/long/own_network.py [FOLDER]

asks on 6,000 rows of Fashion-MNIST whether batch normalization helps it, by the command line, and
tells how long that took. Run it again to go on.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # `search` may not be installed

from search.data.images import IMAGES  # noqa: E402  # found by the line above

N_ROWS = 6000
SOURCE = '''\
"""A small network for gray images."""

from keras.layers import GlobalAveragePooling2D, MaxPooling2D


def build(layers, inputs, outputs):
    x = layers.conv2d(16, 3, strides=2)(inputs)
    x = layers.conv2d(32, 3)(x)
    x = MaxPooling2D()(x)
    x = layers.conv2d(32, 3)(x)
    x = GlobalAveragePooling2D()(x)
    return outputs(layers.dense(32)(x))
'''
OPTIONS = (
    *("--data", "fashion.npz", "--model", "cnn.py:build", "--factors", "normalization"),
    *("--lanes", "2", "--pilot-trials", "16", "--epochs", "8", "--replicates", "16"),
)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cnn.py").write_text(SOURCE)
    table = IMAGES["fashion_mnist"].load("fashion_mnist")
    assert table.images is not None
    rows = np.random.default_rng(0).permutation(len(table.images))[:N_ROWS]
    labels = table.target.to_numpy()[rows].astype(str)
    np.savez(folder / "fashion.npz", x=table.images[rows], y=labels)
    command = [sys.executable, "-m", "search", "run", "cnn", *OPTIONS]
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, env=os.environ | {"PYTHONPATH": path}, check=True)
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "mlruns/own_network"))
