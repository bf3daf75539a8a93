"""The defaults of every sweep, in one place; each verdict prints them as its conditions."""

CONFIRM_SHARE = 0.2
"""Share of the rows locked away for the verdict, unless the data has an official test split."""
VALIDATION_SHARE = 0.2
"""Share of the development rows a replicate keeps for choosing lane and epoch."""

EPOCHS = 30
EPOCHS_MANY_ROWS = 12
MANY_ROWS = 10_000
"""Above this number of development rows the default is EPOCHS_MANY_ROWS."""

EARLY_STOPPING_PATIENCE = 10
"""Epochs without a better validation loss after which a training ends."""
PERFORMANCE_PATIENCE = 3
"""Epochs without a better validation loss after which the rate is lowered."""
PERFORMANCE_FACTOR = 0.5
"""What the rate is then multiplied by."""
ONE_CYCLE_START = 0.1
"""First rate as a share of the maximum."""
ONE_CYCLE_RISE = 0.45
"""Share of the steps spent going up, and again going down."""
ONE_CYCLE_END = 1e-3
"""Last rate as a share of the maximum."""
ONE_CYCLE_MOMENTUM_SWING = 0.05
"""How far momentum starts above and dips below the recipe's own."""

PILOT_TRIALS = 32
TRIALS = 120
"""Of a search, where there is nothing else to do."""
LANES = 6
REPLICATES = 32
SEED = 0
MARGIN_CLASSIFICATION = 0.01
"""One percentage point of error (Benavoli et al. 2017)."""
MARGIN_REGRESSION_RATIO = 1.02
"""An RMSE this many times the other's is a difference worth having."""
RECIPE = "shallow"
DATA = "digits"
