"""Image data sets: from files as they are found on machines, and from nowhere."""

import gzip
import io
import tarfile
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from search.data import load_dataset
from search.data.images import IMAGES
from search.data.preparation import Preparation
from search.errors import InputError

DEBIAN = Path("/usr/share/datasets/fashion-mnist")
RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def keras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keras's folder of data sets, which lacks everything, and no network."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "scikit"))
    for scheme in ("http", "https"):
        monkeypatch.setenv(f"{scheme}_proxy", "http://127.0.0.1:9")
    # urllib remembers the proxies of its first call: it would for the tests that follow, too.
    monkeypatch.setattr(urllib.request, "_opener", None)
    return tmp_path / "keras" / "datasets"


def idx(values: np.ndarray) -> bytes:
    head = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes()
    return gzip.compress(head + values.tobytes())


def write_mnist(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    x, y = RNG.integers(0, 256, (120, 28, 28), np.uint8), np.arange(120, dtype=np.uint8) % 10
    folder.mkdir(parents=True)
    np.savez(folder / "mnist.npz", x_train=x[:90], y_train=y[:90], x_test=x[90:], y_test=y[90:])
    return x, y


def test_keras_copy_of_mnist_is_read_with_its_official_split(keras: Path) -> None:
    x, y = write_mnist(keras)
    data = load_dataset("mnist")
    assert (data.n_development, data.n_confirm, data.feature_shape) == (90, 30, (28, 28))
    assert [data.class_names[i] for i in data.y] == [str(label) for label in y[:90]]
    assert data.y_confirm.tolist() == y[90:].tolist()
    mean, scale = x[:90].mean(), x[:90].std()
    assert data.x == pytest.approx(((x[:90] - mean) / scale).reshape(90, -1), abs=1e-5)
    assert data.x_confirm == pytest.approx(((x[90:] - mean) / scale).reshape(30, -1), abs=1e-5)
    assert data.x.dtype == np.float32
    assert data.feature_names[29] == "pixel_1_1"
    again = Preparation.from_dict(data.preparation.to_dict())
    assert again.transform(x[:90]).tobytes() == data.x.tobytes()


def test_keras_copy_of_fashion_mnist_is_idx(keras: Path) -> None:
    source = replace(IMAGES["fashion_mnist"], elsewhere=())
    images, labels = (
        RNG.integers(0, 256, (60, 28, 28), np.uint8),
        np.arange(60, dtype=np.uint8) % 10,
    )
    (keras / "fashion-mnist").mkdir(parents=True)
    for file, values in zip(source.files, (images, labels) * 2, strict=True):
        (keras / file).write_bytes(idx(values))
    table = source.load("fashion_mnist")
    assert table.images is not None
    assert (table.images == np.concatenate([images, images])).all()
    assert table.target.tolist() == [source.classes[i] for i in [*labels, *labels]]


def test_cifar_is_read_with_channels_last(keras: Path) -> None:
    rows = RNG.integers(0, 256, (6, 20, 3073), np.uint8)
    rows[:, :, 0] = np.arange(20) % 10
    keras.mkdir(parents=True)
    with tarfile.open(keras / "cifar-10-binary.tar.gz", "w:gz") as archive:
        for name, batch in zip(
            [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"], rows, strict=True
        ):
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}.bin")
            member.size = batch.size
            archive.addfile(member, io.BytesIO(batch.tobytes()))
    data = load_dataset("cifar10")
    assert (data.feature_shape, data.x.shape) == ((32, 32, 3), (100, 3072))
    assert data.x_confirm.shape == (20, 3072)
    channels = data.x.reshape(-1, 3)
    assert channels.mean(axis=0) == pytest.approx(np.zeros(3), abs=1e-3)
    assert channels.std(axis=0) == pytest.approx(np.ones(3), abs=1e-3)
    red = rows[0, 0, 1:1025].reshape(32, 32).astype(float)
    found = data.x[0].reshape(32, 32, 3)[:, :, 0]
    assert np.corrcoef(red.ravel(), found.ravel())[0, 1] == pytest.approx(1)


@pytest.mark.parametrize("name", ["mnist", "cifar10", "california_housing"])
def test_what_is_neither_here_nor_to_be_had_ends_in_one_line(name: str, keras: Path) -> None:
    with pytest.raises(InputError, match=f"data {name} must be in .* or to be had from") as error:
        load_dataset(name)
    assert "neither" in str(error.value)
    assert "\n" not in str(error.value)
    assert not list(keras.rglob("*.*"))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY"])
def test_a_damaged_file_is_named(content: bytes, keras: Path) -> None:
    write_mnist(keras)
    (keras / "mnist.npz").write_bytes(content)
    with pytest.raises(InputError, match=r"mnist in .*datasets must be readable"):
        load_dataset("mnist")


@pytest.mark.parametrize("damage", [lambda x: x[:100], lambda x: b"no" + x, lambda _: b""])
def test_a_damaged_idx_file_is_no_array(damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    source = IMAGES["fashion_mnist"]
    paths = [tmp_path / Path(file).name for file in source.files]
    for path in paths:
        path.write_bytes(damage(idx(RNG.integers(0, 256, (60, 28, 28), np.uint8))))
    with pytest.raises((OSError, EOFError, ValueError)):
        source.read(paths)


@pytest.mark.skipif(not DEBIAN.exists(), reason="Debian's dataset-fashion-mnist is not installed")
def test_debians_fashion_mnist_is_read_whole() -> None:
    data = load_dataset("fashion_mnist")
    assert (data.x.shape, data.x_confirm.shape) == ((60_000, 784), (10_000, 784))
    assert np.bincount(data.y).tolist() == [6_000] * 10
    assert np.bincount(data.y_confirm.astype(int)).tolist() == [1_000] * 10
    assert (data.x.mean(), data.x.std()) == pytest.approx((0, 1), abs=1e-3)
    assert "Ankle boot" in data.class_names
    assert data.preparation.summary[0].kind == "image"
