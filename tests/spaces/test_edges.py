import pytest

from spaces import SPACES, Choice, Domain, Float, Int, Space, Value, edges

RATE = Float(1e-3, 1.0, default=0.03, log=True)


@pytest.mark.parametrize(
    ("name", "domain", "value", "wider"),
    [
        ("learning_rate", RATE, 0.9, Float(1e-3, 10.0, default=0.03, log=True)),
        ("learning_rate", RATE, 1e-3, Float(1e-4, 1.0, default=0.03, log=True)),
        ("max_norm", Float(1, 4, default=2, log=True), 4.0, Float(1, 8, default=2, log=True)),
        ("momentum", Float(0.8, 0.95, default=0.9), 0.949, Float(0.8, 0.99, default=0.9)),
        ("dropout_rate", Float(0.1, 0.5, default=0.2), 0.11, Float(0.0, 0.5, default=0.2)),
        ("dropout_rate", Float(0.3, 0.8, default=0.4), 0.8, Float(0.3, 0.9, default=0.4)),
        ("depth", Int(2, 8, default=2), 8, Int(2, 16, default=2)),
        ("depth", Int(2, 8, default=2), 2, Int(1, 8, default=2)),
        ("width", Choice((100, 50, 200)), 200, Choice((100, 50, 200, 400))),
        ("width", Choice((100, 50, 200)), 50, Choice((100, 50, 200, 25))),
    ],
)
def test_an_edge_comes_with_a_wider_search(
    name: str, domain: Domain, value: float, wider: Domain
) -> None:
    (edge,) = edges(Space({name: domain}), {name: value})
    assert edge.parameter == name
    assert edge.wider == wider
    assert not edges(Space({name: wider}), {name: value})


@pytest.mark.parametrize(
    ("name", "domain", "value"),
    [
        ("learning_rate", RATE, 0.5),
        ("momentum", Float(0.8, 0.99, default=0.9), 0.99),
        ("dropout_rate", Float(0.0, 0.5, default=0.2), 0.0),
        ("depth", Int(1, 8, default=2), 1),
        ("depth", Int(1, 8, default=2), 7),
        ("width", Choice((100, 50, 200)), 100),
        ("width", Choice((100,)), 100),
        ("width", Choice((1, 2, 4)), 1),
        ("activation", Choice(("elu", "relu")), "elu"),
    ],
)
def test_inside_and_at_a_natural_bound_there_is_no_edge(
    name: str, domain: Domain, value: Value
) -> None:
    assert not edges(Space({name: domain}), {name: value})


def test_an_edge_is_one_plain_sentence() -> None:
    best = {**SPACES["shallow"].defaults(), "nag.learning_rate": 1.0, "width": 400}
    assert [str(edge) for edge in edges(SPACES["shallow"], best)] == [
        (
            "nag.learning_rate = 1 lies at the high end of 0.001 to 1 (log scale); "
            "search 0.001 to 10 (log scale) next."
        ),
        (
            "width = 400 lies at the high end of one of 50, 100, 200, 400; "
            "search one of 50, 100, 200, 400, 800 next."
        ),
    ]
