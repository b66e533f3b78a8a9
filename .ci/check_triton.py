#!/usr/bin/env python3
"""Other people's inference clients against Podium: tritonclient, its raw tensors and typed contents, and KServe's client.

    .ci/check_triton.py [CHECK ...]

Needs tritonclient. Traffic stays on 127.0.0.1, bounded in count.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.error
from pathlib import Path
from typing import Any

import harness
from harness import ROOT, Checks, NotRun, Server, build, expect, serving
from inference import BENCH, QUICK, TOLERANCE, code, golden, inputs, typed, worst  # before grpc: silences its log

import grpc
import numpy as np
import tritonclient.grpc as triton
from tritonclient.grpc import service_pb2, service_pb2_grpc

WORK = harness.WORK / "triton"


def triton_describes(server: Server) -> str:
    client = triton.InferenceServerClient(server.target)
    expect(client.is_server_live() and client.is_server_ready(), "not live or not ready")
    expect(client.is_model_ready("deepfm") and not client.is_model_ready("nobody"), "wrong readiness")
    meta = client.get_model_metadata("deepfm")
    config = client.get_model_config("deepfm").config
    index = client.get_model_repository_index().models
    extensions = ",".join(client.get_server_metadata().extensions)
    expect([m.name for m in index] == ["deepfm", "din"], f"index {index}")
    expect(len(config.input) == len(meta.inputs), "configuration and metadata differ")
    return f"{len(meta.inputs)} inputs, platform {meta.platform}, {len(index)} models READY, extensions {extensions}"


def triton_infers(server: Server) -> str:
    client = triton.InferenceServerClient(server.target)
    tensors, scores = golden()
    made = inputs(client.get_model_metadata("deepfm"), tensors)
    result = client.infer("deepfm", made, request_id="7")
    output = result.get_response().outputs[0].name
    error = worst(result.as_numpy(output), scores)
    expect(error < TOLERANCE, f"off by {error}")
    one = client.infer("deepfm", made, outputs=[triton.InferRequestedOutput(output)], client_timeout=10, priority=1)
    expect(worst(one.as_numpy(output), scores) < TOLERANCE, "another answer with one output")
    return f"{len(scores)} rows as raw bytes, largest difference from PyTorch {error:.1e}, id {result.get_response().id}"


def triton_typed(server: Server) -> str:
    stub = service_pb2_grpc.GRPCInferenceServiceStub(grpc.insecure_channel(server.target))
    tensors, scores = golden()
    metadata = stub.ModelMetadata(service_pb2.ModelMetadataRequest(name="deepfm"))
    answer = stub.ModelInfer(typed(metadata, tensors, len(scores)))
    error = worst(np.frombuffer(answer.raw_output_contents[0], np.float32), scores)
    expect(error < TOLERANCE, f"off by {error}")
    return f"{len(scores)} rows in typed contents, largest difference {error:.1e}"


def triton_streams(server: Server) -> str:
    client = triton.InferenceServerClient(server.target)
    tensors, scores = golden()
    made = inputs(client.get_model_metadata("deepfm"), tensors)
    answers: list[Any] = []
    done = threading.Event()

    def callback(result: Any, error: Any) -> None:
        answers.append((result, error))
        if len(answers) == 30:
            done.set()

    client.start_stream(callback)
    for i in range(30):
        client.async_stream_infer("deepfm" if i != 10 else "nobody", made, request_id=str(i))
    expect(done.wait(30), f"{len(answers)} answers (expected: 30)")
    client.stop_stream()
    expect(answers[10][1] is not None and "nobody" in str(answers[10][1]), "the wrong request was answered")
    ids = [r.get_response().id for r, e in answers if e is None]
    expect(ids == [str(i) for i in range(30) if i != 10], f"order {ids}")
    return "29 answers in order, 1 refusal in its place, the stream stayed open"


def triton_counts(server: Server) -> str:
    client = triton.InferenceServerClient(server.target)
    before = client.get_inference_statistics("deepfm").model_stats[0]
    made = inputs(client.get_model_metadata("deepfm"), golden()[0])
    for _ in range(5):
        client.infer("deepfm", made)
    after = client.get_inference_statistics("deepfm").model_stats[0]
    count = after.inference_stats.success.count - before.inference_stats.success.count
    expect(count == 5, f"{count} successes (expected: 5)")
    return f"success +{count}, rows +{after.inference_count - before.inference_count}, batch sizes {len(after.batch_stats)}"


def triton_refusals(server: Server) -> str:
    client = triton.InferenceServerClient(server.target)
    tensors, _ = golden()
    meta = client.get_model_metadata("deepfm")

    made = inputs(meta, tensors)
    wrong_type = inputs(meta, tensors)
    first = meta.inputs[0]
    wrong_type[0] = triton.InferInput(first.name, wrong_type[0].shape(), "FP64")
    wrong_type[0].set_data_from_numpy(tensors[first.name].astype(np.float64).reshape(wrong_type[0].shape()))
    got = {
        "unknown model": code(lambda: client.infer("nobody", made)),
        "unknown version": code(lambda: client.infer("deepfm", made, model_version="9")),
        "version no number": code(lambda: client.infer("deepfm", made, model_version="new")),
        "missing input": code(lambda: client.infer("deepfm", made[1:])),
        "wrong datatype": code(lambda: client.infer("deepfm", wrong_type)),
        "unknown output": code(lambda: client.infer("deepfm", made, outputs=[triton.InferRequestedOutput("x")])),
        "metadata of nobody": code(lambda: client.get_model_metadata("nobody")),
        "load of nobody": code(lambda: client.load_model("nobody")),
        "load with a configuration": code(lambda: client.load_model("deepfm", config="{}")),
    }
    wanted = ["NOT_FOUND", "NOT_FOUND", *["INVALID_ARGUMENT"] * 4, "NOT_FOUND", "INTERNAL", "INVALID_ARGUMENT"]
    expect(list(got.values()) == wanted, f"{got}")
    return ", ".join(f"{what} {status}" for what, status in got.items())


def kserve_client(server: Server) -> str:
    tensors, scores = golden()
    metadata = triton.InferenceServerClient(server.target).get_model_metadata("deepfm")
    arrays = {}
    for tensor in metadata.inputs:
        kind = np.int64 if tensor.datatype == "INT64" else np.float32
        arrays[tensor.name] = tensors[tensor.name].reshape([len(scores), *[int(d) for d in tensor.shape[1:]]]).astype(kind)
    np.savez(WORK / "deepfm.npz", **arrays)
    # In a process of its own: its messages have the same names as tritonclient's.
    done = subprocess.run([sys.executable, ROOT / ".ci/kserve_client.py", server.target, "deepfm", WORK / "deepfm.npz"],
                          capture_output=True, text=True, timeout=120)
    if done.returncode == 77:
        raise NotRun(done.stdout.strip())
    expect(done.returncode == 0, done.stderr.strip()[-500:])
    answer = json.loads(done.stdout.splitlines()[-1])
    error = worst(np.array(answer["scores"]), scores)
    expect(answer["ready"] and answer["model_ready"] and error < TOLERANCE, f"{answer}, off by {error}")
    return f"server and model ready, {len(scores)} rows inferred, largest difference {error:.1e}"


def control() -> str:
    """tritonclient's load and unload, with health, readiness and the index beside it."""
    models = Path(tempfile.mkdtemp(dir=WORK))
    shutil.copytree(ROOT / BENCH / "deepfm", models / "deepfm")
    with serving(models, *QUICK, log="triton/control") as server:
        client = triton.InferenceServerClient(server.target)
        channel = grpc.insecure_channel(server.target)
        watch = channel.unary_stream("/grpc.health.v1.Health/Watch")(b"\x0a\x06deepfm", timeout=120)
        seen = [next(watch)]
        tensors, scores = golden()
        made = inputs(client.get_model_metadata("deepfm"), tensors)

        def states() -> dict[str, str]:
            index = client.get_model_repository_index().models
            return {m.name: m.state + (f" ({m.reason})" if m.reason else "") for m in index}

        client.unload_model("deepfm")
        seen.append(next(watch))
        status, body = readyz(server)
        expect(status == 503 and "deepfm" in body, f"/readyz {status} {body!r}")
        expect(not client.is_server_ready() and not client.is_model_ready("deepfm"), "still ready")
        refused = code(lambda: client.infer("deepfm", made))
        unloaded = states()["deepfm"]
        client.load_model("deepfm")
        seen.append(next(watch))
        expect(readyz(server)[0] == 200 and client.is_server_ready(), "not ready again")
        result = client.infer("deepfm", made)
        expect(worst(result.as_numpy(result.get_response().outputs[0].name), scores) < TOLERANCE, "other scores")
        watch.cancel()

        shutil.copytree(models / "deepfm", models / "late")
        found = states()["late"]
        client.load_model("late")
        late = states()["late"]
        (models / "late/1/model.onnx").write_bytes(b"no model")
        broken = code(lambda: client.load_model("late"))
        expect(client.is_model_ready("late"), "a load that failed took the model away")
        client.unload_model("nobody")  # not loaded: no error, as in Triton
        channel.close()
    expect(seen == [b"\x08\x01", b"\x08\x02", b"\x08\x01"], f"Watch saw {seen} (1 SERVING, 2 NOT_SERVING)")
    expect((refused, unloaded, found, late, broken) == ("UNAVAILABLE", "UNAVAILABLE (unloaded)", "", "READY", "INVALID_ARGUMENT"),
           f"{(refused, unloaded, found, late, broken)}")
    return (f"unload: Watch NOT_SERVING, /readyz 503 naming the model, infer {refused}, index {unloaded}; load: SERVING, 200, "
            f"same scores; a new folder is indexed and loaded: {late}; a broken one {broken}, and what served serves on")


def readyz(server: Server) -> tuple[int, str]:
    try:
        return 200, server.http("/readyz")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def main() -> int:
    WORK.mkdir(parents=True, exist_ok=True)
    build()
    checks = Checks()
    with serving(BENCH, *QUICK, log="triton/server") as server:
        for name, one in (
            ("describe", triton_describes), ("infer, raw", triton_infers), ("typed contents", triton_typed),
            ("stream", triton_streams), ("statistics", triton_counts), ("errors", triton_refusals),
            ("kserve client", kserve_client),
        ):
            checks.run(name, lambda one=one: one(server))
    checks.run("load and unload", control)
    return checks.status()


if __name__ == "__main__":
    sys.exit(main())
