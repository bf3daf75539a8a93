"""What may vary: the guideline table, its recipes and the search spaces built from them.

Pure data on the standard library; it knows nothing of how anything is trained.
"""

from spaces.domain import Choice, Domain, Float, Int
from spaces.guideline import FACTORS, TABLE, Factor, Level, get_factor, levels, swept_factors
from spaces.joint import SPACES, get_space, nuisance_space, recipe_at
from spaces.questions import QUESTIONS, Alternative, alternatives, default_answer, questions
from spaces.recipe import DEEP, RECIPES, SELF_NORMALIZING, SHALLOW, Recipe, get_recipe
from spaces.space import Space, Value, describe

__all__ = [
    "DEEP",
    "FACTORS",
    "QUESTIONS",
    "RECIPES",
    "SELF_NORMALIZING",
    "SHALLOW",
    "SPACES",
    "TABLE",
    "Alternative",
    "Choice",
    "Domain",
    "Factor",
    "Float",
    "Int",
    "Level",
    "Recipe",
    "Space",
    "Value",
    "alternatives",
    "default_answer",
    "describe",
    "get_factor",
    "get_recipe",
    "get_space",
    "levels",
    "nuisance_space",
    "questions",
    "recipe_at",
    "swept_factors",
]
