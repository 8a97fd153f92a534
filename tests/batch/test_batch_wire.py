"""What processes of a batch say to each other."""

from hotvid.batch.wire import Seldom


def test_progress_is_passed_on_seldom_but_at_each_stage_s_beginning_and_end(monkeypatch):
    now_s, told = [100.0], []
    monkeypatch.setattr("time.monotonic", lambda: now_s[0])
    seldom = Seldom(lambda *reached: told.append(reached), every_s=1.0)
    for done in range(1, 21):  # eight a second
        seldom("pose2d", done, None)
        now_s[0] += 0.125
    assert [done for _, done, _ in told] == [1, 9, 17]
    seldom("lift", 1, 3)
    seldom("lift", 2, 3)
    seldom("lift", 3, 3)
    assert told[3:] == [("lift", 1, 3), ("lift", 3, 3)]
