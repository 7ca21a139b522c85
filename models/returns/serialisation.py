"""Fitted return models as bytes: numbers as JSON, trees as skops with an allow-list; no pickle.

Bytes are compared with a pinned sha256 before anything parses them: whoever can place a file must
not be able to run code or exhaust memory.
"""

from __future__ import annotations

import hashlib
import json
import warnings
import zipfile
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import skops.io
from sklearn.exceptions import InconsistentVersionWarning

from models.returns.base_rate import BaseRate
from models.returns.blend import Blend
from models.returns.design import Design
from models.returns.drift import Drift
from models.returns.members import GapRates, StepLogistic, StepTrees
from models.returns.model import ReturnModel, Selection
from talentcast.domain.errors import IntegrityError
from talentcast.domain.types import Origin

#: The only types beyond those skops trusts by itself that a file may hold. The partial function is
#: how boosting checks its input; skops resolves nothing inside it that is not allowed here as well.
_TRUSTED: Final = (
    "functools.partial",
    "sklearn.tree._tree.Tree",
    "sklearn.utils.validation.check_array",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
)


@dataclass(frozen=True, slots=True)
class SavedModel:
    """A fitted model as two pieces of bytes.

    Attributes:
        parameters: UTF-8 JSON.
        trees: A skops archive; empty where the model has no trees.
    """

    parameters: bytes
    trees: bytes

    @property
    def sha256(self) -> str:
        """Hash over both pieces: pin it where the model is registered, away from the bytes."""
        lengths = f"{len(self.parameters)}:{len(self.trees)}:".encode()
        return hashlib.sha256(lengths + self.parameters + self.trees).hexdigest()


def save_model(model: ReturnModel) -> SavedModel:
    """Return a model as bytes."""
    values: dict[str, Any] = {
        "origin_year": model.origin.year,
        "base_rate": model.base_rate.to_json(),
        "selection": _selection_values(model.selection),
    }
    if model.blend is None:
        return SavedModel(_as_json(values), b"")
    blend = model.blend
    values["design"] = blend.logistic.design.to_json()
    values["logistic"] = blend.logistic.coefficients.tolist()
    values["gap_rates"] = blend.gap_rates.coefficients.tolist()
    trees = {"boosting": blend.boosting.classifier, "forest": blend.forest.classifier}
    return SavedModel(_as_json(values), skops.io.dumps(trees))


def load_model(saved: SavedModel, *, sha256: str) -> ReturnModel:
    """Return the model whose bytes have the pinned hash.

    Raises:
        IntegrityError: If the bytes are not the pinned ones, hold a type that is not allowed, or
            were written by another version of scikit-learn.
    """
    if saved.sha256 != sha256:
        raise IntegrityError(
            f"The stored return model has sha256 {saved.sha256}, pinned is {sha256}. "
            "Nothing was read from it. Fit the model again."
        )
    values = json.loads(saved.parameters)
    origin = Origin(int(values["origin_year"]))
    base_rate = BaseRate.from_json(values["base_rate"])
    selection = _selection(values["selection"])
    if not saved.trees:
        return ReturnModel(origin, None, base_rate, selection)
    design = Design.from_json(values["design"])
    trees = _load_trees(saved.trees)
    blend = Blend(
        StepLogistic(np.array(values["logistic"]), design),
        StepTrees(trees["boosting"], design),
        StepTrees(trees["forest"], design),
        GapRates(np.array(values["gap_rates"]), design),
    )
    return ReturnModel(origin, blend, base_rate, selection)


def _load_trees(content: bytes) -> dict[str, Any]:
    try:
        surplus = set(skops.io.get_untrusted_types(data=content)) - set(_TRUSTED)
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise IntegrityError(
            f"The stored return model is no skops archive ({error}). Fit the model again."
        ) from None
    if surplus:
        raise IntegrityError(
            f"The stored return model holds types that are not allowed: {sorted(surplus)}. "
            "Fit the model again."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("error", InconsistentVersionWarning)
        try:
            loaded: dict[str, Any] = skops.io.loads(content, trusted=list(_TRUSTED))
        except InconsistentVersionWarning as error:
            raise IntegrityError(
                f"The stored return model comes from another scikit-learn ({error}). "
                "Fit the model again."
            ) from error
    return loaded


def _as_json(values: dict[str, Any]) -> bytes:
    return json.dumps(values, sort_keys=True).encode()


def _selection_values(selection: Selection) -> dict[str, Any]:
    return {
        "choice": selection.choice,
        "reason": selection.reason,
        "blend_log_loss": selection.blend_log_loss,
        "base_log_loss": selection.base_log_loss,
        "training_returns": selection.training_returns,
        "blend_drift": [selection.blend_drift.observed, selection.blend_drift.expected],
        "base_drift": [selection.base_drift.observed, selection.base_drift.expected],
    }


def _selection(values: dict[str, Any]) -> Selection:
    return Selection(
        values["choice"],
        values["reason"],
        values["blend_log_loss"],
        values["base_log_loss"],
        values["training_returns"],
        Drift(*values["blend_drift"]),
        Drift(*values["base_drift"]),
    )
