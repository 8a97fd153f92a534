"""The other side of `mmpose_pose`: runs in MMPose's own environment, and imports nothing of hotvid.

    python -I mmpose_worker.py CONFIG CHECKPOINT DEVICE

Speaks on standard input and output: a line of JSON, then raw bytes, little-endian. First it says
{"n_keypoints", "names"}. A request is {"height", "width", "n_boxes"}, the picture (H, W, 3) uint8
BGR and the boxes (P, 4) float32; the answer {"n_keypoints"}, the joints (P, K, 2) float32 and the
scores (P, K) float32. What fails is answered by {"error"}.
"""

import json
import os
import sys
import types
from pathlib import Path


def main(config, checkpoint, device):
    # Libraries print; what they print must not come between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        model = load(config, checkpoint, device)
        names = model.dataset_meta.get("keypoint_id2name", {})
        names = [names[number] for number in sorted(names)]
        say(answers, {"n_keypoints": len(names), "names": names})
        serve(model, sys.stdin.buffer, answers)
    except Exception as error:
        # A file that is not there is said in so many words; of the rest the kind tells more.
        kind = "" if isinstance(error, FileNotFoundError) else f"{type(error).__name__}: "
        say(answers, {"error": f"{kind}{error}"})
        raise


def say(answers, head, *arrays):
    answers.write(json.dumps(head).encode() + b"\n")
    for array in arrays:
        answers.write(array.tobytes())
    answers.flush()


def serve(model, requests, answers):
    import numpy as np
    from mmpose.apis import inference_topdown

    while line := requests.readline():
        head = json.loads(line)
        height, width, n_boxes = head["height"], head["width"], head["n_boxes"]
        picture = np.frombuffer(requests.read(height * width * 3), np.uint8)
        boxes = np.frombuffer(requests.read(n_boxes * 16), np.float32).reshape(n_boxes, 4)
        picture = picture.reshape(height, width, 3).copy()
        found = [r.pred_instances for r in inference_topdown(model, picture, boxes)]
        points = np.concatenate([one.keypoints for one in found]).astype(np.float32)
        scores = np.concatenate([one.keypoint_scores for one in found]).astype(np.float32)
        say(answers, {"n_keypoints": points.shape[1]}, points[..., :2], scores)


def load(config, checkpoint, device):
    with_stand_ins()
    import torch
    from mmengine.config import Config
    from mmpose.apis import init_model
    from mmpose.datasets.datasets.utils import parse_pose_metainfo

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    path = config_file(config)
    settings = Config.fromfile(str(path))
    own_scope(settings._cfg_dict)
    model = init_model(settings, None, device=device)
    saved = read_checkpoint(torch, checkpoint or weights_of(path.stem))
    take(model, saved.get("state_dict", saved), path.name)
    meta = (saved.get("meta") or {}).get("dataset_meta")
    if meta:
        model.dataset_meta = meta if "keypoint_id2name" in meta else parse_pose_metainfo(meta)
    return model.to(device).eval()


def take(model, state, config):
    """Load what a checkpoint holds; a key that lacks, or is left over, means another model."""
    state = {key.removeprefix("module."): value for key, value in state.items()}
    wanted = model.state_dict()
    for what, one, other in (("lacks", wanted, state), ("has besides", state, wanted)):
        for key in one:
            if key not in other and not key.startswith("data_preprocessor."):
                raise ValueError(f"the checkpoint does not belong to {config}: it {what} {key}")
    for key, value in wanted.items():
        if key in state and state[key].shape != value.shape:
            raise ValueError(
                f"the checkpoint does not belong to {config}: {key} is {tuple(state[key].shape)}, "
                f"not {tuple(value.shape)}"
            )
    model.load_state_dict(state, strict=False)


def read_checkpoint(torch, file):
    """The file, without running code in it: tensors, and what MMEngine keeps its logs in."""
    import numpy as np
    from mmengine.logging.history_buffer import HistoryBuffer

    plain = [HistoryBuffer, np.ndarray, np.dtype, np.core.multiarray._reconstruct]
    plain += [np.core.multiarray.scalar, type(np.dtype("float64")), type(np.dtype("int64"))]
    torch.serialization.add_safe_globals(plain)
    saved = torch.load(file, map_location="cpu", weights_only=True)
    if not isinstance(saved, dict):
        raise ValueError(f"{file} is no checkpoint")
    return saved


def with_stand_ins():
    """MMPose with what three of its heads import, and no top-down model calls, left out.

    Their operators come compiled with MMCV, for which there are no wheels, and with MMDetection.
    """

    class Unavailable:
        def __init__(self, *given, **named):
            raise ImportError("this model needs MMCV's compiled operators or MMDetection")

    def unavailable(*given, **named):
        Unavailable()

    operators = types.ModuleType("mmcv.ops")
    for name in ("MultiScaleDeformableAttention", "DeformConv2d", "ModulatedDeformConv2d"):
        setattr(operators, name, Unavailable)
    detection, tools = types.ModuleType("mmdet"), types.ModuleType("mmdet.utils")
    tools.ConfigType, tools.reduce_mean = dict, unavailable
    lacking = {} if importable("mmcv._ext") else {"mmcv.ops": operators}
    if not importable("mmdet"):
        lacking |= {"mmdet": detection, "mmdet.utils": tools}
    sys.modules.update(lacking)
    try:
        import mmpose.models  # noqa: F401
    finally:
        for name in lacking:
            sys.modules.pop(name, None)


def importable(name):
    import importlib.util

    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def own_scope(part):
    """RTMPose's configs ask MMDetection for a backbone that MMPose has, too."""
    from mmpose.registry import MODELS

    if isinstance(part, dict):
        if part.get("_scope_") == "mmdet" and part.get("type") in MODELS.module_dict:
            del part["_scope_"]
        for value in part.values():
            own_scope(value)
    elif isinstance(part, list | tuple):
        for value in part:
            own_scope(value)


def config_file(named):
    """A file; or one of MMPose's own, by its name or its alias in the model zoo."""
    path = Path(named).expanduser()
    if path.suffix == ".py":
        if not path.is_file():
            raise FileNotFoundError(f"the config '{path}' does not exist")
        return path
    model = zoo_model(named)
    own = [package() / model["Config"]] if model else sorted(package().rglob(f"{named}.py"))
    if len(own) != 1 or not own[0].is_file():
        raise FileNotFoundError(f"'{named}' is neither a config file nor one of MMPose's own")
    return own[0]


def weights_of(name):
    """The zoo's weights of one of MMPose's own configs, downloaded where there is a network."""
    import torch

    model = zoo_model(name)
    if model is None or not model.get("Weights"):
        raise FileNotFoundError(f"MMPose lists no weights for {name}; give a checkpoint's file")
    url = model["Weights"]
    target = Path(torch.hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]
    if not target.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(url, str(target), progress=False)
        except OSError as error:
            message = f"{url} could not be downloaded ({error}); give its file after a comma"
            raise FileNotFoundError(message) from error
    return target


def zoo_model(named):
    """What the model zoo says of a config, by the name of its file or an alias; None: nothing."""
    import yaml

    for listed in sorted((package() / "configs").rglob("*.yml")):
        for model in (yaml.safe_load(listed.read_text(encoding="utf-8")) or {}).get("Models", []):
            alias = model.get("Alias") or []
            alias = [alias] if isinstance(alias, str) else alias
            if named in (Path(model["Config"]).stem, model.get("Name"), *alias):
                return model
    return None


def package():
    import mmpose

    return Path(mmpose.__file__).parent / ".mim"


if __name__ == "__main__":
    main(*sys.argv[1:])
