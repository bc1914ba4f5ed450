"""What can go wrong. Each message is the one that the command line prints for the same mistake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class StakeoutError(Exception):
    """Anything that Stakeout refuses. ``exit_code`` is what the command line would end with."""

    exit_code: ClassVar[int] = 1


@dataclass(frozen=True)
class Problem:
    """One mistake in a file, or in a value laid over it."""

    path: str
    """Dotted path of the value; empty where there is none."""
    found: str
    """What was found, or what is missing."""
    line: int | None
    """Line from 1; none for a value that came from a call."""
    column: int | None
    """Column in characters, from 1."""
    source: str
    """The file, preset or call."""
    allowed: str | None
    """Allowed values, range or units."""
    suggestion: str | None
    """The nearest allowed word, or a likely repair."""


class ScenarioError(StakeoutError, ValueError):
    """A scenario, a sweep file or a calibration is wrong; ``errors`` has every mistake with its place."""

    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, errors: list[Problem] | None = None) -> None:
        super().__init__(message)
        self.errors: list[Problem] = list(errors or [])

    def __reduce__(self) -> tuple[type[ScenarioError], tuple[str, list[Problem]]]:
        return type(self), (str(self), self.errors)


class UsageError(StakeoutError, ValueError):
    """A call that makes no sense."""

    exit_code: ClassVar[int] = 2


class InputOutputError(StakeoutError, OSError):
    """A file or folder could not be read or written, or is there already."""

    exit_code: ClassVar[int] = 4


class LimitError(StakeoutError):
    """A limit was refused before it hurt."""

    exit_code: ClassVar[int] = 5


class VerificationError(StakeoutError):
    """A folder does not hold what its manifest says."""

    exit_code: ClassVar[int] = 6


class ExpectationError(StakeoutError):
    """Something that had to hold does not, or is not complete."""

    exit_code: ClassVar[int] = 1


class StrategyError(StakeoutError):
    """A strategy written in Python raised; ``__cause__`` is its own exception."""

    exit_code: ClassVar[int] = 1


class InternalError(StakeoutError):
    """A bug of Stakeout's own, caught."""

    exit_code: ClassVar[int] = 70
