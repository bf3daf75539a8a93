"""What may vary: the guideline table, its recipes and the search spaces built from them.

Pure data on the standard library; it knows nothing of how anything is trained.
"""

from spaces.domain import Choice, Domain, Float, Int
from spaces.edges import Edge, edges
from spaces.extension import check_extends
from spaces.grid import grid_point, grid_size
from spaces.guideline import FACTORS, TABLE, Factor, Level, get_factor, levels, swept_factors
from spaces.joint import SHAPE, SPACES, get_space, joint_space, nuisance_space, recipe_at
from spaces.own import load_space
from spaces.prior import CONFIDENCES, Prior, changes, guideline_points, prior_point
from spaces.questions import QUESTIONS, Alternative, alternatives, default_answer, questions
from spaces.recipe import DEEP, RECIPES, SELF_NORMALIZING, SHALLOW, Recipe, field_of, get_recipe
from spaces.space import Space, Value, describe
from spaces.validity import check_recipes

__all__ = [
    "CONFIDENCES",
    "DEEP",
    "FACTORS",
    "QUESTIONS",
    "RECIPES",
    "SELF_NORMALIZING",
    "SHALLOW",
    "SHAPE",
    "SPACES",
    "TABLE",
    "Alternative",
    "Choice",
    "Domain",
    "Edge",
    "Factor",
    "Float",
    "Int",
    "Level",
    "Prior",
    "Recipe",
    "Space",
    "Value",
    "alternatives",
    "changes",
    "check_extends",
    "check_recipes",
    "default_answer",
    "describe",
    "edges",
    "field_of",
    "get_factor",
    "get_recipe",
    "get_space",
    "grid_point",
    "grid_size",
    "guideline_points",
    "joint_space",
    "levels",
    "load_space",
    "nuisance_space",
    "prior_point",
    "questions",
    "recipe_at",
    "swept_factors",
]
