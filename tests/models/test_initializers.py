import keras
import numpy as np
import pytest
from scipy.stats import ks_2samp

from search.models import INITIALIZERS, get_initializer, initial_weights
from spaces import FACTORS, SHALLOW

INITIALIZER_NAMES = [level.name for level in FACTORS["initializer"].levels]
WIDE = SHALLOW.replace(depth=1, width=300)


def test_every_level_has_an_initializer() -> None:
    assert set(INITIALIZERS) == set(INITIALIZER_NAMES)


def test_an_unknown_initializer_is_answered_with_the_list() -> None:
    with pytest.raises(ValueError, match=r"must be one of he_normal, .*; received 'zeros'"):
        get_initializer("zeros")


@pytest.mark.parametrize("name", INITIALIZER_NAMES)
def test_kernels_are_distributed_as_keras_draws_them(name: str) -> None:
    kernel = initial_weights(WIDE.replace(initializer=name), 400, 3, seed=1)[0]
    expected = keras.ops.convert_to_numpy(get_initializer(name, seed=2)((400, 300)))
    assert kernel.shape == expected.shape
    assert kernel.mean() == pytest.approx(0, abs=4 * expected.std() / np.sqrt(expected.size))
    assert kernel.var() == pytest.approx(expected.var(), rel=0.02)
    assert np.abs(kernel).max() <= np.abs(expected).max() * 1.25
    assert ks_2samp(kernel.ravel(), expected.ravel()).pvalue > 0.01


@pytest.mark.parametrize("shape", [(40, 25), (25, 40)])
def test_orthogonal_kernels_are_orthogonal_either_way_up(shape: tuple[int, int]) -> None:
    recipe = SHALLOW.replace(initializer="orthogonal", depth=1, width=shape[1])
    kernel = initial_weights(recipe, shape[0], 3, seed=1)[0].astype(float)
    gram = kernel.T @ kernel if shape[0] > shape[1] else kernel @ kernel.T
    np.testing.assert_allclose(gram, np.eye(min(shape)), atol=1e-5)


@pytest.mark.parametrize("name", [name for name in INITIALIZER_NAMES if name != "orthogonal"])
def test_variance_scaling_initializers_start_from_paired_weights(name: str) -> None:
    one, other = (
        initial_weights(WIDE.replace(initializer=x), 9, 3, 1)[0] for x in ("he_normal", name)
    )
    assert np.array_equal(np.argsort(one, axis=None), np.argsort(other, axis=None))


def test_a_kernel_depends_on_seed_layer_and_shape_alone() -> None:
    base = SHALLOW.replace(width=20)
    deeper = base.replace(depth=3, normalization="layer", optimizer="adam")
    kernels = [w for w in initial_weights(base, 20, 20, 1) if w.ndim == 2]
    others = [w for w in initial_weights(deeper, 20, 20, 1) if w.ndim == 2]
    for kernel, other in zip(kernels, others, strict=False):
        assert np.array_equal(kernel, other)
    assert not np.array_equal(kernels[0], kernels[1])
    assert not np.array_equal(kernels[0], initial_weights(base, 20, 20, 2)[0])


def test_keras_random_numbers_neither_matter_nor_move() -> None:
    keras.utils.set_random_seed(1)
    first = initial_weights(SHALLOW, 64, 10, 1)
    following = np.random.random()  # noqa: NPY002  # the global generator is what is tested
    keras.utils.set_random_seed(1)
    assert following == np.random.random()  # noqa: NPY002  # the same
    assert all(map(np.array_equal, first, initial_weights(SHALLOW, 64, 10, 1)))
