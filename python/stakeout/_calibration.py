"""What a forward pass can tell."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ._stakeout import Table
from ._stakeout import calibration as _read


@dataclass(frozen=True)
class Calibration:
    """A calibration as tables."""

    name: str
    """The name or file it was asked for by."""
    substitutes: Table
    """What may serve in place of the promised model, and what it costs."""
    thresholds: Table
    """Thresholds that were in force somewhere or fixed by a study."""
    laws: Table
    """Quantiles of similarity by substitute, kernels and prompts."""
    operating_points: Table
    """How often honest and substituted answers fail at a threshold, with 95 % intervals."""

    def _repr_html_(self) -> str:
        return self.substitutes._repr_html_() + self.operating_points._repr_html_()


def calibration(name: str | os.PathLike[str]) -> Calibration:
    """Reads a calibration that comes with the program, by its name, or a file."""
    tables = dict(_read(os.fspath(name)))
    return Calibration(os.fspath(name), **tables)
