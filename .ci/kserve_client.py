#!/usr/bin/env python3
"""One inference by KServe's own Python client, as JSON: scores, and whether server and model are ready.

    .ci/kserve_client.py HOST:PORT MODEL INPUTS.npz

Exit status 77 without the client, which is no requirement of the checks: with what it needs it takes 450 MB.
"""

import asyncio
import json
import sys

import numpy as np

try:
    from kserve import InferenceGRPCClient, InferInput, InferRequest
except ImportError:
    print("KServe's Python client is not installed (pip install kserve==0.21.0)")
    sys.exit(77)

DATATYPES = {"int64": "INT64", "float32": "FP32"}


async def main(target: str, model: str, file: str) -> None:
    client = InferenceGRPCClient(url=target)
    inputs = []
    for name, array in np.load(file).items():
        inputs.append(InferInput(name, list(array.shape), DATATYPES[str(array.dtype)]))
        inputs[-1].set_data_from_numpy(array, binary_data=True)
    answer = await client.infer(InferRequest(model_name=model, infer_inputs=inputs))
    state = {"ready": await client.is_server_ready(), "model_ready": await client.is_model_ready(model)}
    await client.close()
    print(json.dumps({**state, "scores": answer.outputs[0].as_numpy().reshape(-1).tolist()}))


asyncio.run(main(*sys.argv[1:]))
