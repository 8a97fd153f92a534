"""One task of a batch in a process of its own: its stages as lines, then its peak memory."""

import json
import resource
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stand_ins import StandInBackend, StandInLifter

from hotvid import pipeline
from hotvid.batch.task import perform
from hotvid.batch.wire import task_from_plain

TURN = 125  # frames after which the person walks back


class Walker(StandInBackend):
    """Sees somebody who walks to and fro, so that a looped clip is one long walk."""

    def _look(self, code):
        return super()._look(abs(code - TURN))


def main():
    task = task_from_plain(json.loads(sys.argv[1]))
    pipeline.load_backend = lambda config: Walker(range(256))
    if sys.argv[2] == "stand-in":
        import hotvid.lift.lifter

        hotvid.lift.lifter.load_lifter = lambda *_: StandInLifter()
    outcome = perform(task, lambda *news: print(json.dumps(news), flush=True))
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"error": outcome.error, "people": outcome.people, "peak_kb": peak_kb}))


if __name__ == "__main__":
    main()
