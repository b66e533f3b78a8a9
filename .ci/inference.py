"""What the checks with tritonclient share: a golden request of the bench's DeepFM as tensors, and how a call ends.

Imported by the scripts beside it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # the checks make handshakes fail on purpose

import grpc
import numpy as np
import tritonclient.grpc as triton
from harness import ROOT, expect
from tritonclient.grpc import service_pb2
from tritonclient.utils import InferenceServerException

BENCH = "models/bench"
GOLDEN = ROOT / "models/bench/deepfm/1/golden.jsonl"
TOLERANCE = 1e-5
# Starts sooner: leaves out the timing of which passes pay on this machine.
QUICK = ("--set", "compiler.tune=false")


def golden() -> tuple[dict[str, np.ndarray], list[float]]:
    """The largest golden request as tensors, context repeated for every row as Triton's clients send it."""
    examples = [json.loads(line) for line in GOLDEN.read_text().splitlines()]
    example = max(examples, key=lambda e: e["request"]["candidates"]["count"])
    request = example["request"]
    rows = request["candidates"]["count"]
    tensors = {}
    for shared, columns in ((True, request["context"]), (False, request["candidates"]["columns"])):
        for column in columns:
            ints = "int64Values" in column
            values = [float(v) for v in column["int64Values" if ints else "floatValues"]["values"]]
            array = np.array(values, np.int64 if ints else np.float32)
            tensors[column["name"]] = np.repeat(array, rows) if shared else array
    return tensors, example["scores"]["ctr"] if "ctr" in example["scores"] else next(iter(example["scores"].values()))


def inputs(metadata: Any, tensors: dict[str, np.ndarray]) -> list[Any]:
    made = []
    for tensor in metadata.inputs:
        array = tensors[tensor.name]
        array = array.reshape([len(array), *[int(d) for d in tensor.shape[1:]]])
        made.append(triton.InferInput(tensor.name, list(array.shape), tensor.datatype))
        made[-1].set_data_from_numpy(array.astype(np.int64 if tensor.datatype == "INT64" else np.float32))
    return made


def worst(got: np.ndarray, wanted: list[float]) -> float:
    expect(got.size == len(wanted), f"{got.size} scores (expected: {len(wanted)})")
    return float(np.abs(got.reshape(-1) - np.array(wanted)).max())


def typed(metadata: Any, tensors: dict[str, np.ndarray], rows: int) -> Any:
    """A request with typed contents."""
    request = service_pb2.ModelInferRequest(model_name="deepfm")
    for tensor in metadata.inputs:
        array = tensors[tensor.name].reshape(-1)
        made = request.inputs.add(name=tensor.name, datatype=tensor.datatype,
                                  shape=[rows, *[int(d) for d in tensor.shape[1:]]])
        field = made.contents.int64_contents if tensor.datatype == "INT64" else made.contents.fp32_contents
        field.extend(array.tolist())
    return request


def raw_call(channel: grpc.Channel, method: str, request: bytes, metadata: Any = ()) -> bytes:
    return channel.unary_unary(method)(request, timeout=20, metadata=metadata)


def code(call: Callable[[], Any]) -> str:
    """The name of the status that a call of tritonclient gets."""
    try:
        call()
    except InferenceServerException as e:
        return str(e.status()).removeprefix("StatusCode.")
    return "OK"
