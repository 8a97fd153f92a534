"""Pictures of people made of coloured dots, and small networks that really find them, as ONNX.

A person is a rectangle in a colour of its own with a dot for each joint; a joint has the same
colour on everybody. The networks measure colours, so that a channel exchanged, a crop shifted, or
a scale forgotten is seen in the result.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from hotvid.types import Frame

SIZE_PX = (320, 240)
# RGB, far apart from each other, from the bodies and from the background.
JOINT_RGB = np.array(
    [
        (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (255, 0, 255), (0, 255, 255),
        (255, 128, 0), (128, 255, 0), (0, 128, 255), (128, 0, 255), (255, 0, 128), (0, 255, 128),
        (255, 255, 255), (128, 128, 255), (255, 128, 128), (128, 255, 128), (255, 128, 255),
    ],
    np.float32,
)  # fmt: skip
BODY_RGB = np.array([(70, 20, 20), (20, 70, 20), (60, 60, 20)], np.float32)  # the third: a chair
_BACKGROUND_RGB = (20, 20, 70)
_DOT_PX = 5
_SPREAD = 20.0  # how far a colour may be off
# COCO's joints in shares of the body's box: spread, so that no dot hides another.
LAYOUT = np.array(
    [
        (0.50, 0.12), (0.62, 0.06), (0.38, 0.06), (0.76, 0.12), (0.24, 0.12), (0.72, 0.28),
        (0.28, 0.28), (0.85, 0.42), (0.15, 0.42), (0.88, 0.57), (0.12, 0.57), (0.64, 0.56),
        (0.36, 0.56), (0.66, 0.75), (0.34, 0.75), (0.68, 0.92), (0.32, 0.92),
    ],
    np.float32,
)  # fmt: skip


def joints_px(box_px: tuple[float, ...]) -> np.ndarray:
    """(17, 2) of the person who fills the box."""
    x0, y0, x1, y1 = box_px
    return np.array([x0, y0]) + LAYOUT * [x1 - x0, y1 - y0]


def paint(*boxes_px: tuple[int, int, int, int] | None, size_px=SIZE_PX) -> np.ndarray:
    """A picture, BGR: the first box in the first body's colour and so on; None: not there."""
    rgb = np.full((size_px[1], size_px[0], 3), _BACKGROUND_RGB, np.uint8)
    for box, colour in zip(boxes_px, BODY_RGB, strict=False):
        if box is None:
            continue
        x0, y0, x1, y1 = box
        cv2.rectangle(rgb, (x0, y0), (x1, y1), colour.tolist(), -1)
        for (x, y), dot in zip(joints_px(box), JOINT_RGB, strict=True):
            cv2.circle(rgb, (round(float(x)), round(float(y))), _DOT_PX, dot.tolist(), -1)
    return np.ascontiguousarray(rgb[..., ::-1])


def frame(number: int, *boxes_px, size_px=SIZE_PX) -> Frame:
    return Frame(number, number / 30, paint(*boxes_px, size_px=size_px))


class Graph:
    """Builds an ONNX graph node by node; every method gives the name of its result."""

    def __init__(self) -> None:
        self.nodes: list = []
        self.constants: list = []

    def const(self, value: np.ndarray, name: str | None = None) -> str:
        name = name or f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def add(self, kind: str, *inputs: str, **attributes: object) -> str:
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def op(self, kind: str, a: str, value: np.ndarray | float) -> str:
        return self.add(kind, a, self.const(np.asarray(value, np.float32)))

    def over(self, kind: str, a: str, axes: list[int], keep: int = 1) -> str:
        return self.add(kind, a, self.const(np.array(axes, np.int64)), keepdims=keep)

    def likeness(self, picture: str, rgb: np.ndarray, bgr_in: bool, scale=None) -> str:
        """(N, len(rgb), H, W) how like each colour each pixel is, 0..1."""
        if scale is not None:
            mean, std = (np.array(v, np.float32).reshape(1, 3, 1, 1) for v in scale)
            picture = self.op("Add", self.op("Mul", picture, std), mean)
        colours = (rgb[:, ::-1] if bgr_in else rgb).astype(np.float32)
        kernel = self.const(-2 * colours[:, :, None, None])
        dot = self.add("Conv", picture, kernel, self.const((colours**2).sum(1)))
        squares = self.over("ReduceSum", self.add("Mul", picture, picture), [1])
        distance = self.add("Add", dot, squares)
        return self.add("Exp", self.op("Mul", distance, -1 / (2 * _SPREAD**2)))

    def smooth(self, maps: str, side: int) -> str:
        half = side // 2
        return self.add("AveragePool", maps, kernel_shape=[side, side], pads=[half] * 4)

    def save(self, path: Path, outputs: dict[str, str], shape: tuple) -> Path:
        given = helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)
        for name, result in outputs.items():
            self.nodes.append(helper.make_node("Identity", [result], [name]))
        kinds = {"labels": TensorProto.INT64}
        out = [
            helper.make_tensor_value_info(n, kinds.get(n, TensorProto.FLOAT), None) for n in outputs
        ]
        graph = helper.make_graph(self.nodes, "painted", [given], out, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
        model.ir_version = 9
        onnx.save(model, path)
        return path


IMAGENET_RGB = ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
_IMAGENET_BGR = ((103.53, 116.28, 123.675), (57.375, 57.12, 58.395))
_CROP = (192, 256)


def _joint_maps(graph: Graph, colours: np.ndarray) -> str:
    # Twice, or a dot within the window would have no single peak.
    return graph.smooth(graph.smooth(graph.likeness("input", colours, False, IMAGENET_RGB), 7), 7)


def simcc_file(path: Path, batch: int | str = "N", colours: np.ndarray = JOINT_RGB) -> Path:
    """A top-down network as RTMPose is exported: crops in RGB, normalised; SimCC out."""
    graph = Graph()
    maps = _joint_maps(graph, colours)
    scales = graph.const(np.array([1, 1, 2, 2], np.float32))
    fine = graph.add(
        "Resize", maps, "", scales, mode="linear", coordinate_transformation_mode="asymmetric"
    )
    outputs = {
        "simcc_x": graph.over("ReduceMax", fine, [2], 0),
        "simcc_y": graph.over("ReduceMax", fine, [3], 0),
    }
    return graph.save(path, outputs, (batch, 3, _CROP[1], _CROP[0]))


def heatmap_file(path: Path, unbiased: bool) -> Path:
    """A top-down network with heatmaps a quarter of its input: HRNet's kind, or UDP's."""
    graph = Graph()
    maps = _joint_maps(graph, JOINT_RGB)
    sizes = graph.const(np.array([0, 17, _CROP[1] // 4, _CROP[0] // 4], np.int64))
    if unbiased:
        shape = graph.add("Shape", "input", start=0, end=1)
        rest = graph.const(np.array([17, _CROP[1] // 4, _CROP[0] // 4], np.int64))
        sizes = graph.add("Concat", shape, rest, axis=0)
        small = graph.add(
            "Resize", maps, "", "", sizes, mode="linear",
            coordinate_transformation_mode="align_corners",
        )  # fmt: skip
    else:
        # Each cell is the mean of the four by four pixels around its own place, 4 i.
        small = graph.add(
            "AveragePool", maps, kernel_shape=[5, 5], strides=[4, 4], pads=[2, 2, 1, 1]
        )
    return graph.save(path, {"heatmaps": small}, ("N", 3, _CROP[1], _CROP[0]))


def _boxes(graph: Graph, like: str, side: int) -> tuple[str, str]:
    """(1, 3, 4) corners and (1, 3, 1) scores of the three bodies, in the input's pixels."""
    # Smoothed, so that the blends along edges of an encoded picture are nobody.
    like = graph.smooth(like, 9)
    mask = graph.op("Greater", like, 0.45)
    columns = np.arange(side, dtype=np.float32).reshape(1, 1, 1, -1)
    corners = []
    for kind, far in (("ReduceMin", 1e4), ("ReduceMax", -1e4)):
        for places in (columns, columns.transpose(0, 1, 3, 2)):
            at = graph.add("Where", mask, graph.const(places), graph.const(np.float32(far)))
            corners.append(graph.over(kind, at, [2, 3]))
    flat = graph.const(np.array([1, 3, 1], np.int64))
    corners = [graph.add("Reshape", corner, flat) for corner in corners]
    box = graph.add("Concat", *corners, axis=2)
    score = graph.op("Mul", graph.over("ReduceMax", like, [2, 3]), 0.9)
    return box, graph.add("Reshape", score, flat)


def rtmdet_file(path: Path, side: int = 256, layer: str | None = None) -> Path:
    """A detector as MMDeploy exports RTMDet: BGR, normalised; dets and labels out.

    layer  a name that the file's weights have.
    """
    graph = Graph()
    like = graph.likeness("input", BODY_RGB, True, _IMAGENET_BGR)
    box, score = _boxes(graph, like, side)
    labels = graph.const(np.array([[0, 0, 56]], np.int64), layer)
    outputs = {"dets": graph.add("Concat", box, score, axis=2), "labels": labels}
    return graph.save(path, outputs, (1, 3, side, side))


def yolox_file(path: Path, side: int = 256) -> Path:
    """A detector as YOLOX's own project exports it: BGR, 0 to 255; raw cells out, 80 classes."""
    graph = Graph()
    box, score = _boxes(graph, graph.likeness("input", BODY_RGB, True), side)
    low = graph.add("Slice", box, *(graph.const(np.array([v], np.int64)) for v in (0, 2, 2)))
    high = graph.add("Slice", box, *(graph.const(np.array([v], np.int64)) for v in (2, 4, 2)))
    # The bodies are in the first three cells of the finest grid, whose corners are 0, 1 and 2.
    centre = graph.op("Mul", graph.add("Add", low, high), 1 / 16)
    corner = np.array([(0, 0), (1, 0), (2, 0)], np.float32)[None]
    centre = graph.op("Sub", centre, corner)
    sides = graph.op("Max", graph.add("Sub", high, low), 1e-3)
    sides = graph.add("Log", graph.op("Mul", sides, 1 / 8))
    classes = np.zeros((1, 3, 80), np.float32)
    classes[0, :2, 0] = classes[0, 2, 56] = 1
    rows = graph.add("Concat", centre, sides, score, graph.const(classes), axis=2)
    n_cells = sum((side // stride) ** 2 for stride in (8, 16, 32))
    rest = graph.const(np.zeros((1, n_cells - 3, 85), np.float32))
    return graph.save(path, {"output": graph.add("Concat", rows, rest, axis=1)}, (1, 3, side, side))


def rtmo_file(path: Path, side: int = 256) -> Path:
    """A one-stage network as RTMO is exported: BGR, 0 to 255; dets and joints out."""
    graph = Graph()
    box, score = _boxes(graph, graph.likeness("input", BODY_RGB, True), side)
    maps = graph.smooth(graph.likeness("input", JOINT_RGB, True), 5)
    columns = graph.const(np.arange(side, dtype=np.float32).reshape(1, 1, 1, -1))
    people = []
    for person in range(2):
        pick = graph.add("Gather", box, graph.const(np.array([person], np.int64)), axis=1)
        edges = [
            graph.add("Gather", pick, graph.const(np.array([c], np.int64)), axis=2) for c in (0, 2)
        ]
        shape = graph.const(np.array([1, 1, 1, 1], np.int64))
        x0, x1 = (graph.add("Reshape", edge, shape) for edge in edges)
        inside = graph.add("And", graph.add("Greater", columns, x0), graph.add("Less", columns, x1))
        own = graph.add("Mul", maps, graph.add("Cast", inside, to=TensorProto.FLOAT))
        parts = []
        for axis in (2, 3):
            line = graph.over("ReduceMax", own, [axis], 0)
            at = graph.add("ArgMax", line, axis=2, keepdims=1)
            parts.append(graph.add("Cast", at, to=TensorProto.FLOAT))
        parts.append(graph.add("Reshape", graph.over("ReduceMax", own, [2, 3]),
                               graph.const(np.array([1, 17, 1], np.int64))))  # fmt: skip
        joints = graph.add("Concat", *parts, axis=2)
        people.append(graph.add("Unsqueeze", joints, graph.const(np.array([1], np.int64))))
    first_two = [graph.const(np.array([v], np.int64)) for v in (0, 2, 1)]
    dets = graph.add("Slice", graph.add("Concat", box, score, axis=2), *first_two)
    outputs = {"dets": dets, "keypoints": graph.add("Concat", *people, axis=1)}
    return graph.save(path, outputs, (1, 3, side, side))
