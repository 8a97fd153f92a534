"""The lifter loaded beside other work: importing torch alone takes seconds."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from hotvid.config import LiftConfig

if TYPE_CHECKING:
    from hotvid.lift.lifter import Lifter


class LifterLoading:
    """Within its `with` block a lifter is loaded in a thread, once it is asked for.

    What loading raises, `start` and `result` raise: WeightsError, UsageError.
    """

    def __init__(self, config: LiftConfig) -> None:
        self._config = config
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="lifter")
        self._future: Future[Lifter] | None = None

    def __enter__(self) -> LifterLoading:
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def start(self) -> None:
        """Begin, unless begun; raise at once what a finished load has raised."""
        if self._future is None:
            self._future = self._pool.submit(lifter_for, self._config)
        elif self._future.done():
            self._future.result()

    def result(self) -> Lifter:
        """The lifter, waited for if it must be."""
        self.start()
        return self._future.result()


def lifter_for(config: LiftConfig) -> Lifter:
    """The lifter that `config` names, which can do what it asks; UsageError where it cannot."""
    from hotvid.lift.lifter import load_lifter

    lifter = load_lifter(config.model, config.weights, config.device, **dict(config.sizes))
    if config.tokens is not None:
        lifter.check(config)
    return lifter
