"""Image data sets that everyone knows, from copies on this machine or their usual download.

Nothing here is pickled: Fashion-MNIST and MNIST are IDX files (LeCun et al. 1998), MNIST also the
NPZ file that Keras keeps, CIFAR-10 its binary version (Krizhevsky 2009).
"""

import gzip
import os
import tarfile
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from search.data.arrays import table_from_arrays
from search.data.table import Roles, Table
from search.errors import InputError
from search.rows import Array

_SECONDS = 30
"""After which a silent download ends."""
_DEBIAN = Path("/usr/share/datasets")
_IDX_FILES = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
_CIFAR_ROW = 1 + 3 * 32 * 32
_DAMAGED = (zipfile.BadZipFile, zlib.error, tarfile.TarError)
"""What reading a damaged file may raise, beside the usual."""
Arrays = tuple[Array, Array, Array, Array]
"""x_train, y_train, x_test, y_test; whole numbers."""


@final
@dataclass(frozen=True, slots=True)
class ImageSource:
    """One data set."""

    classes: tuple[str, ...]
    """Their names."""
    files: tuple[str, ...]
    """Below Keras's folder of data sets."""
    url: str
    """Where they are to be had, the files' names left out."""
    read: Callable[[Sequence[Path]], Arrays]
    """Reads the files."""
    elsewhere: tuple[Path, ...] = ()
    """Other folders that may hold the files."""

    def load(self, name: str) -> Table:
        """The data, with the official test rows as the confirm split.

        Raises:
            InputError: if it is neither here nor to be had, or a file is damaged.
        """
        paths = self._elsewhere() or [_in_keras(name, self.url, file) for file in self.files]
        try:
            x_train, y_train, x_test, y_test = self.read(paths)
            names = np.array(self.classes)
            arrays = {
                "x_train": x_train,
                "y_train": names[y_train],
                "x_test": x_test,
                "y_test": names[y_test],
            }
        except (OSError, EOFError, ValueError, KeyError, IndexError, *_DAMAGED) as error:
            where = str(paths[0].parent)
            raise InputError(f"{name} in {where}", "must be readable", str(error)) from None
        return table_from_arrays(
            arrays, source=name, name=name, task="classification", roles=Roles()
        )

    def _elsewhere(self) -> list[Path] | None:
        for folder in self.elsewhere:
            paths = [folder / Path(file).name for file in self.files]
            if all(path.is_file() for path in paths):
                return paths
        return None


def keras_datasets() -> Path:
    """The folder that Keras keeps data sets in: below KERAS_HOME, or ~/.keras."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "datasets"


def _in_keras(name: str, url: str, file: str) -> Path:
    """A file in Keras's folder, fetched if it is not there."""
    path = keras_datasets() / file
    if path.is_file():
        return path
    draft = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        address = f"{url}/{path.name}"
        with (
            urllib.request.urlopen(address, timeout=_SECONDS) as answer,  # noqa: S310  # https, ours
            draft.open("wb") as out,
        ):
            while piece := answer.read(1 << 20):
                out.write(piece)
        draft.replace(path)
    except OSError as error:  # urllib's errors among them
        with suppress(OSError):  # its folder may be a file
            draft.unlink(missing_ok=True)
        reason = getattr(error, "reason", None) or error
        rule = f"must be in {path.parent} or to be had from {url}"
        raise InputError(f"data {name}", rule, f"neither ({reason})") from None
    return path


def _read_idx(path: Path) -> Array:
    """An IDX file of bytes, packed with gzip: a magic number, the sizes, the values."""
    content = gzip.decompress(path.read_bytes())
    if content[:3] != b"\0\0\x08":
        raise ValueError(f"{path.name} is no IDX file of bytes")
    sizes = np.frombuffer(content, ">u4", count=content[3], offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(sizes)


def _read_four_idx(paths: Sequence[Path]) -> Arrays:
    x_train, y_train, x_test, y_test = (_read_idx(path) for path in paths)
    return x_train, y_train, x_test, y_test


def _read_npz(paths: Sequence[Path]) -> Arrays:
    with paths[0].open("rb") as opened, np.load(opened, allow_pickle=False) as file:
        return file["x_train"], file["y_train"], file["x_test"], file["y_test"]


def _read_cifar(paths: Sequence[Path]) -> Arrays:
    """Rows of a label and 3 x 32 x 32 bytes, channels first, in six members of an archive."""
    with tarfile.open(paths[0]) as archive:
        found = {Path(member.name).name: member for member in archive if member.isfile()}
        names = [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]
        batches = []
        for name in names:
            file = archive.extractfile(found[name])
            assert file is not None
            batches.append(np.frombuffer(file.read(), np.uint8).reshape(-1, _CIFAR_ROW))
    train, test = np.concatenate(batches[:-1]), batches[-1]
    return *_cifar_rows(train), *_cifar_rows(test)


def _cifar_rows(rows: Array) -> tuple[Array, Array]:
    images = rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), rows[:, 0]


_KERAS_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets"
_DIGITS = tuple(str(digit) for digit in range(10))

IMAGES: dict[str, ImageSource] = {
    "fashion_mnist": ImageSource(
        classes=(
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
        files=tuple(f"fashion-mnist/{file}-ubyte.gz" for file in _IDX_FILES),
        url=_KERAS_URL,
        read=_read_four_idx,
        elsewhere=(_DEBIAN / "fashion-mnist",),
    ),
    "mnist": ImageSource(_DIGITS, ("mnist.npz",), _KERAS_URL, _read_npz),
    "cifar10": ImageSource(
        classes=(
            "airplane",
            "automobile",
            "bird",
            "cat",
            "deer",
            "dog",
            "frog",
            "horse",
            "ship",
            "truck",
        ),
        files=("cifar-10-binary.tar.gz",),
        url="https://www.cs.toronto.edu/~kriz",
        read=_read_cifar,
    ),
}
"""Image data sets by name."""
