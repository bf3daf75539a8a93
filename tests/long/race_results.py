"""What the searches of a race found: kept a line each, as a table, and as curves."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import final

import matplotlib as mpl
import numpy as np

from search.rows import Array

SHARES = (0.125, 0.25, 0.5, 1.0)
"""Of the epochs, after which the table tells of a search."""
AGAIN = (0.25, 1.0)
"""Of the epochs, after which the best until then are judged again."""
POINTS = 400
"""Of a curve."""


@final
@dataclass(frozen=True, slots=True)
class Found:
    """What one search under one seed found."""

    data: str
    """What was learned."""
    loss: str
    """What was minimized there."""
    method: str
    """Who searched."""
    epochs: int
    """That it was given."""
    seed: int
    """Of the search."""
    trials: int
    """That it began."""
    best: Sequence[tuple[int, float]]
    """(epochs spent, validation loss) whenever there was a better trial."""
    again: Mapping[str, float]
    """Share of the epochs -> loss on the confirm rows, mean of fresh seeds and splits, of the one
    recipe that was chosen under others from the best few until then."""

    @property
    def key(self) -> tuple[str, str, int, int]:
        """By which it is told from others."""
        return self.data, self.method, self.epochs, self.seed

    def seen(self, at: Array) -> Array:
        """The validation loss of the best trial at so many epochs; NaN before there is one."""
        epochs, losses = (np.array(column) for column in zip(*self.best, strict=True))
        places = np.searchsorted(epochs, at, side="right") - 1
        return np.where(places < 0, np.nan, losses[np.maximum(places, 0)])


def read(path: Path) -> list[Found]:
    """All that a file keeps; nothing if there is none."""
    if not path.exists():
        return []
    return [Found(**json.loads(line)) for line in path.read_text().splitlines()]


def keep(path: Path, found: Found) -> None:
    """Add a line to a file."""
    with path.open("a") as file:
        file.write(json.dumps(asdict(found)) + "\n")


def table(found: Sequence[Found]) -> str:
    """How the methods did on one data set, each when it was given most epochs.

    Under "again" is what came of the best few after a quarter and after all of the epochs. The last
    column says after which share of random search's epochs the mean is at what that ends at.
    """
    found, most = _longest(found), max(x.epochs for x in found)
    at = np.arange(1, most + 1)
    curves = {m: np.array([x.seen(at) for x in found if x.method == m]) for m in _methods(found)}
    random = [x for x in found if x.method == "random"]
    goal = curves["random"].mean(axis=0)[random[0].epochs - 1] if random else np.nan
    ends = {round(share * most) for share in SHARES} | {x.epochs for x in found}
    heads = [f"{end:,}" for end in sorted(ends)] + ["a quarter again", "all again"]
    lines = [f"100 x {found[0].loss}, mean of seeds ± standard error, after so many epochs"]
    lines += [" " * 22 + "".join(f"{head:>17}" for head in heads) + "  as random's"]
    for method, losses in curves.items():
        its = [x for x in found if x.method == method]
        given = max(x.epochs for x in its)
        cells = [_cell(losses[:, end - 1]) if end <= given else "" for end in sorted(ends)]
        if all(x.again for x in its):
            cells += [_cell([x.again[str(share)] for x in its]) for share in AGAIN]
        else:
            cells += ["", ""]
        told = "".join(f"{cell:>17}" for cell in cells)
        reached = np.flatnonzero(losses[:, :given].mean(axis=0) <= goal)
        when = f"{(reached[0] + 1) / random[0].epochs:.0%}" if len(reached) else "not"
        lines.append(f"{method:20}{len(its):2}{told}{when:>13}")
    return "\n".join(lines)


def draw(found: Sequence[Found], path: Path) -> None:
    """The mean curves of all data sets, side by side.

    Dotted lines are at a quarter of random search's epochs and at the loss that it ends at.
    """
    mpl.use("Agg")
    import matplotlib.pyplot as plt  # noqa: PLC0415  # after the choice of a backend

    names, methods = list(dict.fromkeys(x.data for x in found)), _methods(found)
    figure, axes = plt.subplots(1, len(names), figsize=(3.6 * len(names), 3.6), squeeze=False)
    for axis, name in zip(axes[0], names, strict=True):
        its = _longest([x for x in found if x.data == name])
        for color, method in enumerate(methods):
            runs = [x for x in its if x.method == method]
            if not runs:
                continue
            at = np.geomspace(runs[0].epochs / 50, runs[0].epochs, POINTS)
            losses = 100 * np.array([x.seen(at) for x in runs])
            mean = losses.mean(axis=0)  # NaN, so not drawn, while any has no trial
            error = losses.std(axis=0, ddof=1) / np.sqrt(len(runs))
            axis.plot(at, mean, label=method, color=f"C{color}")
            axis.fill_between(at, mean - error, mean + error, color=f"C{color}", alpha=0.15, lw=0)
            if method == "random":
                axis.axhline(mean[-1], color=f"C{color}", lw=0.8, ls=":")
                axis.axvline(runs[0].epochs / 4, color="0.7", lw=0.8, ls=":")
                axis.set_ylim(top=1.02 * np.nanmax(mean))
        axis.set(title=name, xlabel="epochs spent", xscale="log")
        axis.set_ylabel(f"100 x {its[0].loss} of the best trial", fontsize="small")
    handles = {h.get_label(): h for axis in axes[0] for h in axis.get_legend_handles_labels()[0]}
    figure.legend(list(handles.values()), list(handles), loc="lower center", ncols=4, frameon=False)
    figure.tight_layout(rect=(0, 0.14, 1, 1))
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _methods(found: Sequence[Found]) -> list[str]:
    """Who searched, this project's first."""
    return sorted({x.method for x in found}, key=lambda name: (not name.startswith("ours"), name))


def _longest(found: Sequence[Found]) -> list[Found]:
    """Of each method those searches that were given most."""
    given = {
        method: max(x.epochs for x in found if x.method == method) for method in _methods(found)
    }
    return [x for x in found if x.epochs == given[x.method]]


def _cell(losses: Sequence[float] | Array) -> str:
    error = np.std(losses, ddof=1) / np.sqrt(len(losses)) if len(losses) > 1 else np.nan
    return f"{100 * np.mean(losses):.2f} ± {100 * error:.2f}"
