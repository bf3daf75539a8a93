"""From a recipe to layers, a Keras model, its optimizer and schedule."""

from search.models.build import build_model, loss_for
from search.models.initializers import INITIALIZERS, get_initializer, initial_weights
from search.models.layers import ACTIVATIONS, Block, Layers, get_activation
from search.models.monte_carlo import MonteCarloDropout, Uncertain, predictive_entropy
from search.models.optimizers import OPTIMIZERS, build_optimizer, follow_rates
from search.models.own import build_own
from search.models.schedules import (
    Patience,
    Plateau,
    may_stop_early,
    planned_momentum,
    planned_rates,
)

__all__ = [
    "ACTIVATIONS",
    "INITIALIZERS",
    "OPTIMIZERS",
    "Block",
    "Layers",
    "MonteCarloDropout",
    "Patience",
    "Plateau",
    "Uncertain",
    "build_model",
    "build_optimizer",
    "build_own",
    "follow_rates",
    "get_activation",
    "get_initializer",
    "initial_weights",
    "loss_for",
    "may_stop_early",
    "planned_momentum",
    "planned_rates",
    "predictive_entropy",
]
