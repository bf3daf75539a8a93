"""The final model in MLflow: logged to the sweep's run and registered under the sweep's name."""

import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, final

import mlflow
from mlflow import MlflowClient
from mlflow.models import Model, infer_signature

from search.rows import Task
from search.sweep.final import FinalModel
from spaces import Recipe

DIGEST = "search.model"
"""Tag of a registered version: which weights it has."""
_N_EXAMPLES = 5
_PACKAGES = ("keras", "tensorflow", "numpy")


@final
@dataclass(frozen=True, slots=True, eq=False)
class TrainedModel:
    """A final model with all that it takes to build it."""

    recipe: Recipe
    """What was trained."""
    task: Task
    """What it predicts."""
    kept: FinalModel
    """Its weights, and rows to try it on."""

    @property
    def digest(self) -> str:
        """Of its weights: equal for the same model."""
        digest = hashlib.sha256()
        for weight in self.kept.weights:
            digest.update(weight.tobytes())
        return digest.hexdigest()[:16]


@final
class _Keras:
    """`mlflow.keras` as a flavor whose folder is there when the example is written into it.

    Its own is not: https://github.com/mlflow/mlflow/issues/16183.
    """

    @staticmethod
    def save_model(path: str, **options: Any) -> None:
        Path(path).mkdir()
        mlflow.keras.save_model(path=path, **options)


def is_registered(client: MlflowClient, name: str, run_id: str, model: TrainedModel) -> bool:
    """Whether a version of the registered model `name` is this one, logged to this run."""
    known = client.search_model_versions(f"name = '{name}'")
    return any(v.run_id == run_id and v.tags.get(DIGEST) == model.digest for v in known)


def log_model(uri: str, name: str, run_id: str, tags: dict[str, str], model: TrainedModel) -> None:
    """Log a model and register a version of it; loads Keras and takes MLflow's global state.

    Args:
        uri: as `resolve_uri` gives it.
        name: of the registered model.
        run_id: of the run that it is logged to.
        tags: of the version, beside the digest.
        model: which.
    """
    from search.models.trained import trained_model  # noqa: PLC0415  # loads Keras

    kept = model.kept
    examples, predictions = kept.examples[:_N_EXAMPLES], kept.predictions[:_N_EXAMPLES]
    built = trained_model(
        model.recipe,
        kept.weights,
        n_features=examples.shape[1],
        n_outputs=predictions.shape[1],
        task=model.task,
    )
    mlflow.set_tracking_uri(uri)
    logged = Model.log(
        None,
        _Keras,
        registered_model_name=name,
        await_registration_for=0,
        run_id=run_id,
        name="model",
        tags={**tags, DIGEST: model.digest},
        model=built,
        signature=infer_signature(examples, predictions),
        input_example=examples,
        # Finding them out takes seconds.
        pip_requirements=[f"{package}=={version(package)}" for package in _PACKAGES],
    )
    recipe = model.recipe
    shape = f"{recipe.depth} hidden layers of {recipe.width}, batches of {recipe.batch_size}"
    number = str(logged.registered_model_version)
    MlflowClient(uri).update_model_version(name, number, f"{shape}: {recipe}")
