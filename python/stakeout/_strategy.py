"""Strategies written in Python.

A strategy is asked once an epoch for each identity that follows it, with Python's lock held: a question takes some
ten microseconds, which is nothing beside an epoch of requests and a lot in a network of a million hosts. It sees
what an executor may know and has no way to the rest of the network. Its only chance is ``view.draw``; a strategy that
asks a clock, the operating system or another object gives up the promise that a seed gives the same bytes again.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import ClassVar, TypeVar, Union

from ._errors import UsageError
from ._stakeout import View, register_strategy

Share = Union[float, str]
"""A number from 0 to 1, or a text such as ``"5 %"``."""


@dataclass(frozen=True)
class Policy:
    """An executor's standing orders for an epoch; the default follows the rules."""

    substitute_rate: Share = 0.0
    """Share of requests that the substitute serves."""
    substitute: str | None = None
    """Name of the substitute in the calibration; none serves the promised model always."""
    artifact: str | tuple[str, Share] = "own"
    """What is handed in for the substitute's answers: ``"own"``, ``"laundered"``, ``"withheld"``, or one of
    ``("diluted", part)``, ``("partial", part)``, ``("truncated", part)``."""
    drop_rate: Share = 0.0
    """Share of requests that are dropped without an answer."""
    held: Share = 1.0
    """Share of its hardware at hand between two proofs of compute."""


class Strategy:
    """A base class for strategies; ``parameters`` are names with defaults, handed to ``__init__`` as keywords.

    A default decides what a parameter holds: ``"5 %"`` a share (a float in Python), ``"10 s"`` a time (in seconds),
    another text a name, a whole number a count, ``True`` a switch.
    """

    parameters: ClassVar[Mapping[str, str | int | bool]] = {}

    def policy(self, view: View) -> Policy:
        """The orders for the epoch that begins."""
        return Policy()


C = TypeVar("C", bound=type[Strategy])

#: Classes by name with the hash of their source, so that workers on other machines can be told of them.
registered: dict[str, tuple[type[Strategy], str]] = {}


def source_hash(made: type[object]) -> str:
    """Sixteen hex digits that change with the source of a class and of the classes that it inherits from."""
    parts = []
    for base in made.__mro__:
        if base is object or base.__module__.partition(".")[0] in ("stakeout", "typing", "abc"):
            continue
        parts.append(base.__qualname__)
        for name, value in sorted(vars(base).items()):
            function = getattr(value, "fget", None) or getattr(value, "__func__", value)
            if inspect.isfunction(function):
                parts.append(_source(made, function))
            elif name == "parameters" or (not name.startswith("__") and isinstance(value, (bool, int, float, str))):
                parts.append(f"{name}={value!r}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _source(made: type[object], function: FunctionType) -> str:
    if function.__code__.co_filename == "<string>":
        # Made by a decorator such as `dataclass` from what stands in the class.
        return function.__name__
    try:
        return inspect.getsource(function)
    except (OSError, TypeError) as error:
        raise UsageError(
            f"the source of {made.__qualname__}.{function.__name__} cannot be found, so results could not be told apart "
            "from those of another version: write the class in a file or a notebook's cell, or give it an attribute "
            "`version`"
        ) from error


def strategy(name: str) -> Callable[[C], C]:
    """Makes a class known to scenarios under a name::

        @stakeout.strategy("weekend_swapper")
        class WeekendSwapper(stakeout.Strategy):
            parameters = {"rate": "25 %"}

            def __init__(self, rate: float) -> None:
                self.rate = rate

            def policy(self, view: stakeout.View) -> stakeout.Policy:
                is_weekend = view.epoch % 7 >= 5
                return stakeout.Policy(self.rate if is_weekend else 0.0, "int4")

    A class that is registered again under its name replaces the one before.
    """

    def register(made: C) -> C:
        version = getattr(made, "version", None)
        key = str(version) if version is not None else source_hash(made)
        make_known(name, made, key)
        return made

    return register


def make_known(name: str, made: type[Strategy], key: str) -> None:
    """Registers a class whose source has this hash."""
    summary = (inspect.getdoc(made) or "A strategy written in Python.").splitlines()[0]
    register_strategy(name, made, key, summary, list(made.parameters.items()))
    registered[name] = (made, key)
