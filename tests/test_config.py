"""The sweep file says what flags say."""

import tomllib
from pathlib import Path

import pytest

from search.config import Config, example
from search.errors import InputError
from search.options import OPTIONS
from search.settings import Settings


def read(folder: Path, text: str) -> Config:
    path = folder / "sweep.toml"
    path.write_text(text)
    return Config.read(str(path))


def keys_and_values(text: str) -> dict[str, tuple[str, bool]]:
    """Of each key in the example its value as TOML, and whether it is commented out."""
    lines = [line for line in text.splitlines() if " = " in line]
    pairs = [line.removeprefix("# ").partition(" = ")[::2] for line in lines]
    return {
        key: (value, line.startswith("# ")) for (key, value), line in zip(pairs, lines, strict=True)
    }


def test_there_is_an_option_for_every_setting() -> None:
    assert list(OPTIONS) == list(Settings.__dataclass_fields__)


def test_the_example_has_exactly_the_keys_there_are_and_equals_the_defaults(tmp_path: Path) -> None:
    assert list(keys_and_values(example())) == list(OPTIONS)
    assert read(tmp_path, example()).settings({}) == Settings()
    given = tomllib.loads(example())
    without_value = {key for key, (_, off) in keys_and_values(example()).items() if off}
    assert given.keys() == OPTIONS.keys() - without_value
    defaults = Settings()
    for key in without_value:
        assert getattr(defaults, key) is None


@pytest.mark.parametrize("key", keys_and_values(example()))
def test_every_value_of_the_example_may_be_given(key: str, tmp_path: Path) -> None:
    value, is_off = keys_and_values(example())[key]
    settings = read(tmp_path, f"{key} = {value}").settings({})
    assert (settings == Settings()) is not is_off


def test_a_sweep_file_says_what_flags_say(tmp_path: Path) -> None:
    text = """
        name = "mine"
        factors = ["activation", "optimizer"]
        categories = ["zip", "kind"]
        depth = [2, 8]
        margin = 0.02
        budget = "1.5h"
    """
    flags = {
        "name": "mine",
        "factors": "activation,optimizer",
        "categories": "zip,kind",
        "depth": "2,8",
        "margin": "0.02",
        "budget": "1.5h",
    }
    settings = read(tmp_path, text).settings({})
    assert settings == Config().settings(flags)
    commas = read(tmp_path, 'factors = "activation, optimizer"\ncategories = "zip,kind"')
    assert commas.settings({}).factors == settings.factors
    assert commas.settings({}).categories == settings.categories
    assert read(tmp_path, "depth = 3").settings({}).depth == 3


def test_flags_win(tmp_path: Path) -> None:
    config = read(tmp_path, 'recipe = "deep"\nfactors = ["normalization"]\nseed = 3')
    settings = config.settings({"seed": "4", "factors": "activation"})
    assert (settings.recipe, settings.seed, settings.factors) == ("deep", 4, ("activation",))


def test_a_data_file_is_looked_for_from_the_folder_of_the_sweep_file(tmp_path: Path) -> None:
    for name in ("houses.csv", "sub/houses.parquet", "../arrays.npz"):
        assert read(tmp_path, f'data = "{name}"').settings({}).data == str(tmp_path / name)
    assert read(tmp_path, 'data = "/abs/houses.csv"').settings({}).data == "/abs/houses.csv"
    assert read(tmp_path, 'data = "iris"').settings({}).data == "iris"
    assert read(tmp_path, 'data = "a.csv"').settings({"data": "b.csv"}).data == "b.csv"


@pytest.mark.parametrize("key", ["model", "hypermodel", "space"])
def test_python_is_looked_for_from_the_folder_of_the_sweep_file(key: str, tmp_path: Path) -> None:
    searched = "trials = 8" if key == "space" else ""
    for name in ("net.py:build", "sub/net.py:build", "/abs/net.py:build", "nets.dense:build"):
        expected = name if name.startswith("nets.") else str(tmp_path / name)
        settings = read(tmp_path, f'{key} = "{name}"\n{searched}').settings({})
        assert getattr(settings, key) == expected


def test_a_byte_order_mark_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text("seed = 3", encoding="utf-8-sig")
    assert Config.read(str(path)).settings({}).seed == 3


def test_a_rule_broken_by_a_flag_is_called_by_the_flag(tmp_path: Path) -> None:
    config = read(tmp_path, 'seed = 3\nrecipe = "self_normalizing"')
    with pytest.raises(InputError, match=r"^--seed must be"):
        config.settings({"seed": "x"})
    with pytest.raises(InputError, match=r"^--factors under recipe self_normalizing must be among"):
        config.settings({"factors": "activation"})


def test_an_error_of_others_keeps_its_name(tmp_path: Path) -> None:
    config = read(tmp_path, "seed = 3")
    with pytest.raises(InputError, match=r"^column 'a' must"), config.named():
        raise InputError("column 'a'", "must be finite", "inf")
