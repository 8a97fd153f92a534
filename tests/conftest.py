"""What all tests share: `--slow`, the clip, and a home of their own instead of the user's."""

import signal
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="also run the tests marked slow")
    parser.addoption(
        "--kills", type=int, help="how often the crash test kills something; 4, or 100 with --slow"
    )
    parser.addoption(
        "--hostile-seed", type=int, default=0, help="draws the hostile files that are tried"
    )


def pytest_collection_modifyitems(config, items):
    if config.getoption("--slow"):
        return
    skip = pytest.mark.skip(reason="slow; run with --slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def demo_clip() -> Path:
    return ROOT / "demo" / "walk_two_people.mp4"


@pytest.fixture
def small_files():
    """A context in which no file can grow beyond 8 kB, as on a disk that is full.

    Not the whole test: pytest's own output may go to a file.
    """
    resource = pytest.importorskip("resource", reason="not on Windows")

    @contextmanager
    def limited():
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limited


@pytest.fixture(scope="session", autouse=True)
def _signals_arrive():
    """Shells let what they start in the background ignore Ctrl-C, as nohup does a closed terminal,
    and so would its children."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    closed = getattr(signal, "SIGHUP", None)  # not on Windows
    if closed is not None and signal.getsignal(closed) is signal.SIG_IGN:
        signal.signal(closed, signal.SIG_DFL)


@pytest.fixture(scope="session", autouse=True)
def _own_home(tmp_path_factory):
    """No test sees, or writes, what the user has imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOTVID_HOME", str(tmp_path_factory.mktemp("home")))
        patch.delenv("HOTVID_WEIGHTS", raising=False)
        yield
