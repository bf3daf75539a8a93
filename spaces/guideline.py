"""The guideline table and every level that is checked against it.

Source: A. Géron, Hands-On Machine Learning with Scikit-Learn, Keras, and TensorFlow, chapter 11
(default configurations for deep networks and for self-normalizing networks).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from spaces.domain import Float

# Where the guideline names two levels, the first is the default and the second its other choice.
TABLE: dict[str, dict[str, tuple[str, ...]]] = {
    "shallow": {
        "initializer": ("he_normal",),
        "activation": ("elu",),
        "normalization": ("none",),
        "regularization": ("early_stopping", "weight_decay"),
        "optimizer": ("nag", "adamw"),
        "lr_schedule": ("performance", "one_cycle"),
    },
    "deep": {
        "initializer": ("he_normal",),
        "activation": ("swish",),
        "normalization": ("batch",),
        "regularization": ("early_stopping", "weight_decay"),
        "optimizer": ("nag", "adamw"),
        "lr_schedule": ("performance", "one_cycle"),
    },
    "self_normalizing": {
        "initializer": ("lecun_normal",),
        "activation": ("selu",),
        "normalization": ("none",),
        "regularization": ("early_stopping", "alpha_dropout"),
        "optimizer": ("nag",),
        "lr_schedule": ("performance", "one_cycle"),
    },
}

BLOCK = ("initializer", "activation", "normalization")
"""What the guideline recommends together, to be swapped as a whole, too."""
# A network normalizes itself only as a whole: there the factors of the block are not swapped one by
# one, and whatever shifts the mean or variance of its activations does not belong to the recipe.
NOT_SELF_NORMALIZING = ("dropout", "dropout_inputs", "dropout_last")


@dataclass(frozen=True, slots=True)
class Level:
    """One choice of a factor, with the hyperparameters it brings."""

    name: str
    """The name used everywhere: command line, store, MLflow."""
    about: str
    """What it is, in a few words."""
    core: bool = True
    """Whether it belongs to the core levels; the others are added by `--levels full`."""
    nuisance: Mapping[str, Float] = field(default_factory=dict)
    """Recipe field -> range, tuned anew for every level (PROTOCOL: nuisance hyperparameters)."""
    searched: Mapping[str, Float] = field(default_factory=dict)
    """Recipe field -> range, at its default when a factor is checked and varied in a search."""

    def hyperparameters(self) -> dict[str, Float]:
        """All numbers this level brings."""
        return {**self.nuisance, **self.searched}


@dataclass(frozen=True, slots=True)
class Factor:
    """One line of the guideline table: a question with its possible answers."""

    name: str
    """The recipe field it sets."""
    levels: tuple[Level, ...]
    """The possible answers."""

    def get(self, name: str) -> Level:
        """The level called `name`.

        Raises:
            ValueError: listing the levels of this factor.
        """
        for level in self.levels:
            if level.name == name:
                return level
        listed = ", ".join(level.name for level in self.levels)
        raise ValueError(f"{self.name} must be one of {listed}; received {name!r}")


_SGD_RATE = Float(1e-3, 1.0, default=0.03, log=True)
_PLAIN_SGD_RATE = Float(3e-3, 3.0, default=0.1, log=True)
_ADAM_RATE = Float(1e-4, 0.1, default=1e-3, log=True)
_MOMENTUM = Float(0.8, 0.95, default=0.9)
_DECAY = Float(1e-4, 0.1, default=4e-3, log=True)
_DROPOUT = Float(0.1, 0.5, default=0.2)
_ALPHA_DROPOUT = Float(0.05, 0.5, default=0.1)
_L1 = Float(1e-6, 1e-3, default=1e-5, log=True)
_L2 = Float(1e-6, 1e-2, default=1e-4, log=True)
_RADIUS = Float(0.5, 8.0, default=1.0, log=True)

FACTORS: dict[str, Factor] = {
    "initializer": Factor(
        "initializer",
        (
            Level("he_normal", "He: variance 2 / fan-in, truncated normal"),
            Level("glorot_uniform", "Glorot: variance 2 / (fan-in + fan-out), Keras's default"),
            Level("lecun_normal", "LeCun: variance 1 / fan-in, truncated normal"),
            Level("he_uniform", "He, uniform", core=False),
            Level("glorot_normal", "Glorot, truncated normal", core=False),
            Level("lecun_uniform", "LeCun, uniform", core=False),
            Level("orthogonal", "a random orthogonal matrix", core=False),
        ),
    ),
    "activation": Factor(
        "activation",
        (
            Level("elu", "exponential linear unit"),
            Level("swish", "x * sigmoid(x), also called SiLU"),
            Level("relu", "max(0, x)"),
            Level("selu", "scaled ELU"),
            Level("leaky_relu", "x, and 0.2 x below zero", core=False),
            Level("gelu", "x * Phi(x)", core=False),
            Level("mish", "x * tanh(softplus(x))", core=False),
            Level("tanh", "hyperbolic tangent", core=False),
        ),
    ),
    "normalization": Factor(
        "normalization",
        (
            Level("none", "no normalization layer"),
            Level("batch", "batch normalization before each activation"),
            Level("batch_after", "batch normalization after each activation", core=False),
            Level("layer", "layer normalization before each activation", core=False),
        ),
    ),
    "regularization": Factor(
        "regularization",
        (
            Level("early_stopping", "the best epoch's weights"),
            Level("none", "the last epoch's weights"),
            Level("weight_decay", "decoupled from the loss", nuisance={"weight_decay": _DECAY}),
            Level("l2", "a penalty on the squared kernel", nuisance={"l2": _L2}),
            Level("dropout", "in every hidden layer", nuisance={"dropout_rate": _DROPOUT}),
            Level(
                "alpha_dropout",
                "keeps mean and variance, for SELU",
                core=False,
                nuisance={"dropout_rate": _ALPHA_DROPOUT},
            ),
            Level("l1", "a penalty on the absolute kernel", core=False, nuisance={"l1": _L1}),
            Level("l1_l2", "both penalties", core=False, nuisance={"l1": _L1, "l2": _L2}),
            Level(
                "dropout_inputs",
                "on the inputs and in every hidden layer",
                core=False,
                nuisance={"dropout_rate": _DROPOUT},
            ),
            Level(
                "dropout_last",
                "after the last hidden layer only",
                core=False,
                nuisance={"dropout_rate": _DROPOUT},
            ),
            Level(
                "max_norm",
                "each unit's incoming weights have at most this norm",
                core=False,
                nuisance={"max_norm": _RADIUS},
            ),
        ),
    ),
    "optimizer": Factor(
        "optimizer",
        (
            Level(
                "nag",
                "SGD with Nesterov momentum",
                nuisance={"learning_rate": _SGD_RATE},
                searched={"momentum": _MOMENTUM},
            ),
            Level(
                "adamw",
                "Adam with decoupled weight decay",
                nuisance={"learning_rate": _ADAM_RATE, "adamw_weight_decay": _DECAY},
            ),
            Level("adam", "Adam", nuisance={"learning_rate": _ADAM_RATE}),
            Level("sgd", "plain SGD", core=False, nuisance={"learning_rate": _PLAIN_SGD_RATE}),
            Level(
                "momentum",
                "SGD with momentum",
                core=False,
                nuisance={"learning_rate": _SGD_RATE},
                searched={"momentum": _MOMENTUM},
            ),
            Level("rmsprop", "RMSprop", core=False, nuisance={"learning_rate": _ADAM_RATE}),
            Level(
                "nadam", "Adam with Nesterov", core=False, nuisance={"learning_rate": _ADAM_RATE}
            ),
        ),
    ),
    "lr_schedule": Factor(
        "lr_schedule",
        (
            Level("performance", "halves the rate when the validation loss stalls"),
            Level("one_cycle", "up, down as long, then far down"),
            Level("constant", "one rate throughout"),
            Level("exponential", "a tenth of the rate at the end", core=False),
            Level("cosine", "warm-up, then half a cosine down", core=False),
            Level("piecewise", "a third of the rate, then a tenth", core=False),
        ),
    ),
}


def get_factor(name: str) -> Factor:
    """The factor called `name`.

    Raises:
        ValueError: listing the factors.
    """
    if name not in FACTORS:
        raise ValueError(f"factor must be one of {', '.join(FACTORS)}; received {name!r}")
    return FACTORS[name]


def swept_factors(guideline: str) -> tuple[str, ...]:
    """The factors that are swapped one by one in a recipe of the table, in the table's order."""
    if guideline == "self_normalizing":
        return tuple(name for name in FACTORS if name not in BLOCK)
    return tuple(FACTORS)


def levels(guideline: str, factor: str, *, full: bool = False) -> tuple[Level, ...]:
    """The levels of a factor that go with a recipe of the table, its default first.

    Args:
        guideline: name of a column of the table: shallow, deep or self_normalizing.
        factor: name of a factor.
        full: whether to add the levels beyond the core.
    """
    default = TABLE[guideline][factor][0]
    found = {level.name: level for level in get_factor(factor).levels if level.core or full}
    if factor in BLOCK and guideline == "self_normalizing":
        found = {default: get_factor(factor).get(default)}
    if factor == "regularization" and guideline == "self_normalizing":
        found = {name: level for name, level in found.items() if name not in NOT_SELF_NORMALIZING}
        found["alpha_dropout"] = get_factor(factor).get("alpha_dropout")
    return (get_factor(factor).get(default), *(x for x in found.values() if x.name != default))
