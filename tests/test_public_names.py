import pytest

import search


def test_every_public_name_resolves_and_none_is_missing() -> None:
    assert sorted(search.__all__) == search.__all__
    for name in search.__all__:
        assert callable(getattr(search, name))
        assert name in dir(search)


def test_other_names_do_not_exist() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = search.nothing
