"""Random sweep files: good, bad and absurd values under keys that are known or not."""

import json
from typing import Any

from hypothesis import strategies as st

from search.options import OPTIONS

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_SENSIBLE = st.sampled_from([option.example for option in OPTIONS.values()])
_SCALARS = st.one_of(
    st.booleans(),
    st.integers(),
    st.integers(-1, 200),
    st.floats(),
    _TEXTS,
    st.sampled_from(["activation", "all", "shallow", "10m", "2,8", "x.csv", "../x.npz", "\0", ""]),
    st.dates(),
    st.times(),
    st.datetimes(),
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_TEXTS.filter(bool), inner, max_size=2)
    ),
    max_leaves=5,
)


def as_toml(value: Any) -> str:
    """A value as TOML; Python's own writing of numbers and times and JSON's of text are TOML."""
    if isinstance(value, str):
        return json.dumps(value).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return f"[{', '.join(map(as_toml, value))}]"
    if isinstance(value, dict):
        pairs = (f"{as_toml(key)} = {as_toml(each)}" for key, each in value.items())
        return f"{{{', '.join(pairs)}}}"
    return str(value).lower() if isinstance(value, bool) else str(value)


_KEYS = st.sampled_from(list(OPTIONS)) | _TEXTS.map(as_toml)


@st.composite
def lines(draw: st.DrawFn) -> str:
    """A key and its value; often the one of the example."""
    key = draw(_KEYS)
    if key in OPTIONS and draw(st.booleans()):
        return f"{key} = {OPTIONS[key].example}"
    return f"{key} = {draw(_SENSIBLE | _VALUES.map(as_toml))}"


sweep_files: st.SearchStrategy[bytes] = st.one_of(
    st.lists(lines(), max_size=6).map(lambda found: "\n".join(found).encode()),
    st.lists(lines(), max_size=3).map(lambda found: "\n".join(found)[:-1].encode()),
    st.binary(max_size=60),
    st.text("[]{}=\"'#,.\\\n \tab10eE+-_:ftnu", max_size=60).map(str.encode),
)
