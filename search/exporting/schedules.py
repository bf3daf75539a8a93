"""The lines of train.py that plan the learning rate, and the momentum with it."""

from collections.abc import Iterator

from search import defaults
from search.exporting.layout import call
from spaces import Recipe

_ONE_CYCLE = '''\
def tent(step):
    """From 0 to 1 in the first 45 % of the steps, down again as long, then 0."""
    position = keras.ops.cast(step, "float32") / (STEPS - 1)
    return keras.ops.maximum(0.0, 1 - keras.ops.abs(position / {rise} - 1))


class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """Up from a tenth of the rate, down as long, then far down (Smith 2018)."""

    def __call__(self, step):
        position = keras.ops.cast(step, "float32") / (STEPS - 1)
        tail = keras.ops.maximum(0.0, (position - {fall:g}) / {last:g})
        return LEARNING_RATE * ({start} + {climb:g} * tent(step) - {drop:g} * tail)
'''
_CYCLED_SGD = '''\

class CycledSGD(keras.optimizers.SGD):
    """SGD whose momentum runs opposite to the rate; Keras's own reads its momentum once."""

    def update_step(self, gradient, variable, learning_rate):
        rate = keras.ops.cast(learning_rate, variable.dtype)
        momentum = keras.ops.cast({momentum}, variable.dtype)
        velocity = self.momentums[self._get_variable_index(variable)]
        step = gradient * rate
        self.assign(velocity, velocity * momentum - step)
        self.assign_add(variable, {change})
'''


def planned(recipe: Recipe) -> Iterator[str]:
    """The parts that stand before the model; none where callbacks alone move the rate."""
    if recipe.lr_schedule in {"constant", "performance"}:
        return
    yield (
        f"LEARNING_RATE = {recipe.learning_rate:.4g}\n"
        f"STEPS = {recipe.epochs} * -(-len(train) // {recipe.batch_size})  # epochs x batches\n"
    )
    if recipe.lr_schedule == "cosine":
        yield f"WARM_UP = max(1, round({defaults.COSINE_WARM_UP} * STEPS))\n"
    if recipe.lr_schedule != "one_cycle":
        yield call(
            f"rate = keras.optimizers.schedules.{_decay(recipe)[0]}(", _decay(recipe)[1:], ")\n"
        )
        return
    start, end, rise = defaults.ONE_CYCLE_START, defaults.ONE_CYCLE_END, defaults.ONE_CYCLE_RISE
    numbers = {"fall": 2 * rise, "last": 1 - 2 * rise, "climb": 1 - start, "drop": start - end}
    code = "\n" + _ONE_CYCLE.format(rise=rise, start=start, **numbers)
    if is_cycled(recipe):
        assert recipe.momentum is not None
        swing = defaults.ONE_CYCLE_MOMENTUM_SWING
        high = min(recipe.momentum + swing, defaults.LARGEST_MOMENTUM)
        depth = high - max(recipe.momentum - swing, 0.0)
        change = "velocity * momentum - step" if recipe.optimizer == "nag" else "velocity"
        momentum = f"{high:.4g} - {depth:.4g} * tent(self.iterations)"
        code += "\n" + _CYCLED_SGD.format(momentum=momentum, change=change)
    yield code + "\n"


def is_cycled(recipe: Recipe) -> bool:
    """Whether the momentum moves."""
    return recipe.momentum is not None and recipe.lr_schedule == "one_cycle"


def rate(recipe: Recipe) -> str:
    """What the optimizer takes for its learning rate."""
    if recipe.lr_schedule in {"constant", "performance"}:
        return f"{recipe.learning_rate:.4g}"
    return "OneCycle()" if recipe.lr_schedule == "one_cycle" else "rate"


def _decay(recipe: Recipe) -> list[str]:
    """The schedule's class in Keras and its arguments."""
    match recipe.lr_schedule:
        case "exponential":
            end = f"{defaults.EXPONENTIAL_END}"
            return ["ExponentialDecay", "LEARNING_RATE", "STEPS - 1", end]
        case "cosine":
            options = [f"alpha={defaults.COSINE_END}", "warmup_target=LEARNING_RATE"]
            lengths = ["LEARNING_RATE / WARM_UP", "STEPS - WARM_UP"]
            return ["CosineDecay", *lengths, *options, "warmup_steps=WARM_UP - 1"]
    # Keras steps down after a boundary, not at it.
    starts = ", ".join(f"np.ceil({start} * STEPS) - 1" for start, _ in defaults.PIECEWISE)
    shares = ", ".join(f"LEARNING_RATE / {1 / x:g}" for _, x in defaults.PIECEWISE)
    return ["PiecewiseConstantDecay", f"[{starts}]", f"[LEARNING_RATE, {shares}]"]
