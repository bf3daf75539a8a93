"""How long a search takes beside KerasTuner's Hyperband as people run it.

    python tests/long/race_wall_time.py [SEED]

searches the core levels on digits, two hidden layers of 100, batches of 32: KerasTuner's tuner goes
through its brackets once, with `fit`; ours then spends as many epochs. Both in fresh processes, so
that imports and compiling count. It prints the seconds, the epochs, and the log loss of the best
trial on the same validation rows.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parents[2]))  # `tests` is no installed package

EPOCHS = 30
"""Of a whole training."""


def keras_tuner_search(seed: int) -> dict[str, Any]:
    """`Hyperband` as KerasTuner's guide runs it, `fit` with the callbacks of a recipe."""
    import keras  # noqa: PLC0415  # each side imports what it needs, in its own process
    import keras_tuner  # noqa: PLC0415

    from tests.benchmarks.keras_code import callbacks, compiled  # noqa: PLC0415
    from tests.benchmarks.materials import recipe_of  # noqa: PLC0415
    from tests.benchmarks.tuners import suggested  # noqa: PLC0415
    from tests.long.race_searches import first_split  # noqa: PLC0415

    its = first_split("digits")
    ended: list[int] = []

    class Hyper(keras_tuner.HyperModel):  # type: ignore[misc]  # KerasTuner ships no types
        def build(self, hp: Any) -> keras.Model:
            return compiled(recipe_of(suggested(hp), EPOCHS), its)

        def fit(self, hp: Any, model: keras.Model, *args: Any, **options: Any) -> Any:
            recipe = recipe_of(suggested(hp), EPOCHS)
            options["callbacks"] = [*options["callbacks"], *callbacks(recipe)]
            history = model.fit(*args, batch_size=recipe.batch_size, **options)
            ended.append(len(history.epoch))
            return history

    with tempfile.TemporaryDirectory() as folder:
        tuner = keras_tuner.Hyperband(
            Hyper(), "val_loss", max_epochs=EPOCHS, factor=3, seed=seed + 1, directory=folder
        )
        tuner.search(*its.train, validation_data=its.validation, verbose=0)
        (best,) = tuner.oracle.get_best_trials(1)
    return {"trials": len(ended), "epochs": sum(ended), "loss": best.score}


def our_search(seed: int, epochs: int) -> dict[str, Any]:
    """The search of a sweep until it has spent so many epochs."""
    from search.training.dispatch import Workers  # noqa: PLC0415  # as above
    from search.verdict import Loss  # noqa: PLC0415
    from spaces import SHALLOW  # noqa: PLC0415
    from tests.benchmarks.materials import core_space  # noqa: PLC0415
    from tests.long.race_searches import Run, dataset_of, race  # noqa: PLC0415
    from tests.long.searchers import SEARCHERS  # noqa: PLC0415

    searcher = SEARCHERS["ours"](core_space(), SHALLOW.replace(epochs=EPOCHS), seed)
    asked = Run("ours", seed, searcher, Loss.LOG_LOSS, epochs)
    with tempfile.TemporaryDirectory() as cache, Workers(cache=Path(cache)) as workers:
        ((done,),) = race([asked], dataset_of("digits"), workers)
    return {"trials": done.trials, "epochs": done.spent, "loss": min(x.loss for x in done.tried)}


SIDES: Mapping[str, Callable[..., dict[str, Any]]] = {
    "KerasTuner's Hyperband": keras_tuner_search,
    "ours": our_search,
}


def in_a_fresh_process(side: str, *numbers: int) -> dict[str, Any]:
    """What a side found, and the seconds that it took."""
    command = [sys.executable, __file__, "--side", side, *map(str, numbers)]
    started = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found | {"seconds": time.perf_counter() - started}


def main(seed: int) -> None:
    theirs = in_a_fresh_process("KerasTuner's Hyperband", seed)
    ours = in_a_fresh_process("ours", seed, theirs["epochs"])
    for name, found in zip(SIDES, (theirs, ours), strict=True):
        print(
            f"{name:24}{found['seconds']:8.1f} s  {found['trials']:4} trials  "
            f"{found['epochs']:6,} epochs  log loss {found['loss']:.4f}"
        )
    print(f"{theirs['seconds'] / ours['seconds']:.1f}x")


if __name__ == "__main__":
    if "--side" in sys.argv:
        _, _, name, *numbers = sys.argv
        print(json.dumps(SIDES[name](*map(int, numbers))))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
