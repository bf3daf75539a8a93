"""Views of a sweep that MLflow's page opens by a link: columns, filter and order.

The page keeps a shared view as a tag of the experiment, and a link names it.
"""

import json

from search.tracking.pictures import DIFFERENCE, measure_of
from search.verdict import Loss

SHARED_VIEW = "mlflow.sharedViewState"
"""Tags of an experiment that begin so are views; the rest of the name is the view's."""
REPLICATES, TRIALS = "replicates", "trials"


def views_of(loss: Loss) -> dict[str, str]:
    """Name -> state of each view, as MLflow's page reads it.

    Args:
        loss: what is measured; names the columns.
    """
    validation, difference = f"metrics.`{measure_of(loss)}`", f"metrics.`{DIFFERENCE}`"
    confirm = f"metrics.`{measure_of(loss, 'confirm')}`"
    factor, level = "tags.`factor`", "tags.`level`"
    return {
        REPLICATES: _state(
            "tags.phase = 'confirm'",
            difference,
            (difference, confirm, factor, level, "tags.`replicate`"),
        ),
        TRIALS: _state(
            "tags.phase != 'confirm' and tags.phase != 'select'",
            validation,
            (validation, "params.`learning_rate`", "tags.`phase`", factor, level),
        ),
    }


def page_of(experiment: str, view: str) -> str:
    """What follows the server's address: where its page shows a view of an experiment."""
    return f"#/experiments/{experiment}/runs?workflowType=machine_learning&viewStateShareKey={view}"


def _state(search: str, order: str, columns: tuple[str, ...]) -> str:
    state = {
        "searchFilter": search,
        "orderByKey": order,
        "orderByAsc": True,
        "selectedColumns": columns,
        "runsHiddenMode": "FIRST_20_RUNS",
    }
    return json.dumps(state)
