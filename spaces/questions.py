"""Everything that can be asked about a default recipe.

A factor swaps one level. A block swaps the three that the guideline recommends together, and
`recipe` swaps all of them for another of the guideline's recipes. Every answer is a recipe, so that
all questions are trained, tuned and judged alike.
"""

from dataclasses import dataclass

from spaces.guideline import BLOCK, FACTORS, TABLE, levels, swept_factors
from spaces.recipe import RECIPES, Recipe

QUESTIONS = (*FACTORS, "block", "recipe")
"""The factors in the table's order, then what swaps several at once."""

# Well-known beside the guideline's own blocks, which are those of its recipes.
_FURTHER_BLOCKS = (
    ("glorot_uniform", "tanh", "none"),  # Glorot and Bengio 2010
    ("he_normal", "relu", "none"),  # He et al. 2015
    ("he_normal", "relu", "batch"),  # He et al. 2016, after Ioffe and Szegedy 2015
)


@dataclass(frozen=True, slots=True)
class Alternative:
    """An answer other than the default's."""

    name: str
    """Of the level, or of the recipe, or of a block: `he_normal+swish+batch`."""
    recipe: Recipe
    """The default with this swapped in, nuisance hyperparameters at their defaults."""
    guideline: bool = False
    """Whether it is the guideline's other choice."""


def questions(guideline: str) -> tuple[str, ...]:
    """What can be asked about a recipe of the table, in the order of `QUESTIONS`."""
    return (*swept_factors(guideline), *QUESTIONS[len(FACTORS) :])


def default_answer(guideline: str, question: str, default: Recipe) -> str:
    """What the default recipe answers to a question; its own name where it is asked as a whole.

    Args:
        guideline: name of the default recipe.
        question: one of `QUESTIONS`; any other asks for the whole recipe, too.
        default: the recipe.
    """
    if question in FACTORS:
        return str(getattr(default, question))
    return _block_name(_block_of(default)) if question == "block" else guideline


def alternatives(
    guideline: str, question: str, default: Recipe, *, full: bool = False
) -> tuple[Alternative, ...]:
    """All other answers to a question.

    Args:
        guideline: name of the column of the table that the default comes from.
        question: one of `QUESTIONS`.
        default: the recipe, perhaps with another shape than the table's.
        full: whether to add the answers beyond the core.

    Raises:
        ValueError: listing the questions.
    """
    if question == "recipe":
        return _recipes(guideline, default)
    if question == "block":
        return _blocks(default, full=full)
    if question not in FACTORS:
        raise ValueError(f"a question must be one of {', '.join(QUESTIONS)}; received {question!r}")
    chosen = TABLE[guideline][question]
    return tuple(
        Alternative(level.name, default.replace(**{question: level.name}), level.name in chosen)
        for level in levels(guideline, question, full=full)[1:]
    )


def _recipes(guideline: str, default: Recipe) -> tuple[Alternative, ...]:
    shape = {name: getattr(default, name) for name in ("depth", "width", "batch_size", "epochs")}
    others = (name for name in RECIPES if name != guideline)
    return tuple(Alternative(name, RECIPES[name].replace(**shape)) for name in others)


def _blocks(default: Recipe, *, full: bool) -> tuple[Alternative, ...]:
    known = [_block_of(recipe) for recipe in RECIPES.values()]
    known += _FURTHER_BLOCKS if full else ()
    return tuple(
        Alternative(_block_name(block), default.replace(**dict(zip(BLOCK, block, strict=True))))
        for block in known
        if block != _block_of(default)
    )


def _block_of(recipe: Recipe) -> tuple[str, ...]:
    return tuple(getattr(recipe, factor) for factor in BLOCK)


def _block_name(block: tuple[str, ...]) -> str:
    return "+".join(block)
