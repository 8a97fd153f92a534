"""MMPose in a process of its own: what is exchanged, with a stand-in; the real one with --slow."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hotvid.config import Pose2DConfig
from hotvid.errors import HotvidError, WeightsError
from hotvid.extras import MMPOSE
from hotvid.pose2d import load_backend, mmpose_pose
from hotvid.pose2d.mmpose_pose import MmPose

HRNET = "td-hm_hrnet-w32_8xb64-210e_coco-256x192"
RTMPOSE = "rtmpose-t_8xb256-420e_coco-256x192"
BOXES = np.array([(45, 28, 118, 226), (180, 50, 272, 233)], np.float32)

# Joint k of box p is at (k, the pixel at (k, p)); its score is the box's x0 a thousandth.
_STAND_IN = """
import json, struct, sys
config, checkpoint, device = sys.argv[1:]
out = sys.stdout.buffer
def say(head, data=b""):
    out.write(json.dumps(head).encode() + b"\\n" + data); out.flush()
if config == "bad":
    say({"error": "KeyError: 'model'"}); sys.exit(1)
if config == "dies":
    print("first line\\nSegmentation fault", file=sys.stderr); sys.exit(7)
n = int(config)
names = ["thorax" if checkpoint.endswith("h36m.pth") else f"joint {k}" for k in range(n)]
say({"n_keypoints": n, "names": names})
while line := sys.stdin.buffer.readline():
    head = json.loads(line)
    width, p = head["width"], head["n_boxes"]
    picture = sys.stdin.buffer.read(head["height"] * width * 3)
    boxes = struct.unpack(f"<{4 * p}f", sys.stdin.buffer.read(16 * p))
    if picture[0] == 255:
        sys.exit(3)
    points = [v for i in range(p) for k in range(n) for v in (k, picture[3 * (i * width + k)])]
    scores = [boxes[4 * i] / 1000 for i in range(p) for k in range(n)]
    data = struct.pack(f"<{len(points)}f", *points) + struct.pack(f"<{len(scores)}f", *scores)
    say({"n_keypoints": n}, data)
"""


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """An environment whose Python is this one, and a worker that needs no MMPose."""
    folder = tmp_path / "environment"
    executable = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    executable.parent.mkdir(parents=True)
    executable.symlink_to(sys.executable)
    (folder / "lib" / "python3.11" / "site-packages" / "mmpose-1.3.2.dist-info").mkdir(parents=True)
    worker = tmp_path / "worker.py"
    worker.write_text(_STAND_IN)
    monkeypatch.setenv("HOTVID_MMPOSE", str(folder))
    monkeypatch.setattr(mmpose_pose, "WORKER", worker)
    (tmp_path / "a.pth").touch()
    (tmp_path / "h36m.pth").touch()
    monkeypatch.chdir(tmp_path)
    return folder


def picture():
    rng = np.random.default_rng(0)
    return rng.integers(0, 250, (240, 320, 3), np.uint8)


def test_pictures_and_boxes_go_there_and_joints_come_back(stand_in):
    estimator = MmPose("17,a.pth", Pose2DConfig())
    assert (estimator.name, estimator.joint_set) == ("mmpose:17", "coco17")
    bgr = picture()
    for boxes in (BOXES, BOXES[:1], BOXES):
        xy, score = estimator.estimate(bgr, boxes)
        assert xy.shape == (len(boxes), 17, 2) and xy.dtype == np.float32
        for p in range(len(boxes)):
            assert xy[p, :, 0].tolist() == list(range(17))
            assert xy[p, :, 1].tolist() == bgr[p, :17, 0].tolist()
            assert score[p] == pytest.approx(boxes[p, 0] / 1000)
    # A picture that does not lie in one piece of memory.
    xy, _ = estimator.estimate(bgr[:, ::-1], BOXES)
    assert xy[1, :, 1].tolist() == bgr[1, ::-1][:17, 0].tolist()
    process = estimator._process
    estimator.close()
    assert process.poll() == 0


@pytest.mark.parametrize(
    ("named", "joint_set"),
    [("26,a.pth", "halpe26"), ("133,a.pth", "coco_wholebody133"), ("17,h36m.pth", "h36m17")],
)
def test_joints_are_told_by_number_and_name(stand_in, named, joint_set):
    estimator = MmPose(named, Pose2DConfig())
    assert estimator.joint_set == joint_set
    estimator.close()


@pytest.mark.parametrize(
    ("named", "error", "says"),
    [
        ("bad,a.pth", WeightsError, "mmpose:bad: KeyError: 'model'"),
        ("dies,a.pth", HotvidError, "ended with status 7: Segmentation fault"),
        ("21,a.pth", WeightsError, "a body of 21 keypoints"),
        ("17,missing.pth", WeightsError, "the checkpoint 'missing.pth' does not exist"),
    ],
)
def test_what_goes_wrong_there_is_one_line_here(stand_in, named, error, says):
    with pytest.raises(error, match=says):
        MmPose(named, Pose2DConfig())


def test_a_process_that_ends_in_the_middle_is_said_so(stand_in):
    estimator = MmPose("17,a.pth", Pose2DConfig())
    with pytest.raises(HotvidError, match="ended with status 3: it said nothing"):
        estimator.estimate(np.full((240, 320, 3), 255, np.uint8), BOXES)
    estimator.close()


def test_without_the_environment_its_command_is_given(tmp_path, monkeypatch):
    monkeypatch.setenv("HOTVID_MMPOSE", str(tmp_path / "my env"))
    with pytest.raises(HotvidError) as caught:
        load_backend(Pose2DConfig(backend="mmpose:x,y.pth"))
    command = caught.value.hint
    assert command.startswith(f"install it: python3.11 -m venv '{tmp_path / 'my env'}' && ")
    assert command.endswith("--no-deps mmpose==1.3.2")
    needs = command.partition(" -r ")[2].partition(" ")[0]
    pins = [line for line in Path(needs).read_text().splitlines() if not line.startswith("#")]
    assert len(pins) > 10 and all("==" in pin for pin in pins)
    assert not MMPOSE.is_installed


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """MMPose's environment: the user's own, or made by the command that users are given."""
    with pytest.MonkeyPatch.context() as patch:
        if not MMPOSE.is_installed:
            patch.setenv("HOTVID_MMPOSE", str(tmp_path_factory.mktemp("mmpose") / "environment"))
            subprocess.run(MMPOSE.install, shell=True, check=True, capture_output=True)
        assert MMPOSE.version == "1.3.2"
        yield MMPOSE.executable


def run_there(python, code, *words):
    code = f"import sys; sys.path.insert(0, {str(mmpose_pose.WORKER.parent)!r})\n{code}"
    done = subprocess.run(
        [python, "-I", "-c", code, *map(str, words)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


_MAKE_WEIGHTS = """
import torch, mmpose_worker as worker
from mmengine.config import Config
worker.with_stand_ins()
from mmpose.apis import init_model
settings = Config.fromfile(str(worker.config_file(sys.argv[1])))
worker.own_scope(settings._cfg_dict)
torch.manual_seed(0)
torch.save({"state_dict": init_model(settings, None, device="cpu").state_dict()}, sys.argv[2])
"""

_MMPOSES_OWN = """
import json, numpy as np, mmpose_worker as worker
worker.with_stand_ins()
from mmengine.config import Config
from mmpose.apis import inference_topdown, init_model
settings = Config.fromfile(str(worker.config_file(sys.argv[1])))
worker.own_scope(settings._cfg_dict)
model = init_model(settings, sys.argv[2], device="cpu")
data = np.load(sys.argv[3])
found = inference_topdown(model, data["bgr"], data["boxes"])
print(json.dumps([[r.pred_instances.keypoints[0].tolist() for r in found],
                  [r.pred_instances.keypoint_scores[0].tolist() for r in found]]))
"""


@pytest.fixture(scope="module")
def weights(environment, tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    for name in (HRNET, RTMPOSE):
        run_there(environment, _MAKE_WEIGHTS, name, folder / f"{name}.pth")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", [HRNET, RTMPOSE])
def test_the_joints_are_those_that_mmpose_itself_finds(environment, weights, tmp_path, name):
    bgr, file = picture(), weights / f"{name}.pth"
    np.savez(tmp_path / "in.npz", bgr=bgr, boxes=BOXES)
    said = run_there(environment, _MMPOSES_OWN, name, file, tmp_path / "in.npz")
    own_xy, own_score = (np.array(v) for v in json.loads(said[-1]))
    estimator = MmPose(f"{name},{file}", Pose2DConfig(device="cpu"))
    assert estimator.joint_set == "coco17" and estimator.name == f"mmpose:{name}"
    xy, score = estimator.estimate(bgr, BOXES)
    np.testing.assert_allclose(xy, own_xy, atol=0.01)
    np.testing.assert_allclose(score, np.clip(own_score, 0, 1), atol=1e-4)
    assert len(np.unique(xy.round(), axis=1)) > 1, "the joints are not all in one place"
    estimator.close()


@pytest.mark.slow
def test_real_configs_and_checkpoints_that_do_not_fit_are_one_line(environment, weights, tmp_path):
    with pytest.raises(WeightsError, match="the checkpoint does not belong to td-hm_hrnet"):
        MmPose(f"{HRNET},{weights / RTMPOSE}.pth", Pose2DConfig())
    with pytest.raises(WeightsError, match="'no-such-config' is neither a config file nor one of"):
        MmPose(f"no-such-config,{weights / RTMPOSE}.pth", Pose2DConfig())
    # An alias of the zoo, whose weights are on no server that can be reached through this.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("https_proxy", "http://127.0.0.1:9")
        patch.setenv("TORCH_HOME", str(tmp_path / "torch"))
        with pytest.raises(WeightsError, match=r"https.* could not be downloaded .* after a comma"):
            MmPose("human", Pose2DConfig())
    mark = tmp_path / "was-run"
    code = "import os, torch\nclass P:\n  def __reduce__(self):\n"
    code += "    return os.system, (f'touch {sys.argv[2]}',)\n"
    run_there(environment, code + "torch.save({'state_dict': P()}, sys.argv[1])",
              tmp_path / "bad.pth", mark)  # fmt: skip
    with pytest.raises(WeightsError, match=r"weights_only|Weights only"):
        MmPose(f"{HRNET},{tmp_path / 'bad.pth'}", Pose2DConfig())
    assert not mark.exists()


@pytest.mark.slow
def test_a_real_video_goes_through_hrnet(environment, weights, tmp_path, demo_clip):
    out = tmp_path / "o.json"
    words = [
        "export-json",
        demo_clip,
        "--out",
        out,
        "--pose2d",
        f"mmpose:{HRNET},{weights / HRNET}.pth",
    ]
    words += ["--time-range", 0, 0.2, "--kpt-thr", 0, "--mode", "fast", "--quiet"]
    root = Path(__file__).resolve().parents[2]
    subprocess.run(
        [sys.executable, "-m", "hotvid", *map(str, words)],
        check=True,
        env={**os.environ, "PYTHONPATH": str(root), "HOTVID_MMPOSE": str(MMPOSE.folder)},
    )
    found = json.loads(out.read_text())
    assert found["models"]["pose2d"] == f"mmpose:{HRNET}, people by blazepose-lite"
    assert len(found["people"]) == 1
