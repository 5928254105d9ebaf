#!/usr/bin/env python3
"""Runs a TF.js graph model (model.json and its shards) in TensorFlow: the reference for daclip's MAXIM.

  maxim_tensorflow.py MODEL.json PICTURE... --out FOLDER   writes FOLDER/PICTURE.npy, float32 (H, W, 3)
  maxim_tensorflow.py MODEL.json PICTURE... --time 3       prints the seconds of each picture, the best of 3

Pictures are padded by reflection at the bottom and right to multiples of 64, as daclip does, and cropped again. Needs
TensorFlow, NumPy and Pillow (scripts/packages.sh does not install them; a virtual environment does).
"""

import argparse
import json
import os
import pathlib
import time

import numpy as np
from PIL import Image

MULTIPLE = 64


def load_graph(path):
    """The graph as TensorFlow's GraphDef, with the weights of the shards in its constants."""
    from google.protobuf import json_format
    from tensorflow.core.framework import graph_pb2
    from tensorflow.python.framework import tensor_util

    model = json.loads(path.read_text())
    graph = json_format.ParseDict(model["modelTopology"], graph_pb2.GraphDef(), ignore_unknown_fields=True)
    values = {}
    for group in model["weightsManifest"]:
        data = b"".join((path.parent / shard).read_bytes() for shard in group["paths"])
        offset = 0
        for weight in group["weights"]:
            kind = np.dtype(weight["dtype"])
            count = int(np.prod(weight["shape"], dtype=np.int64))
            values[weight["name"]] = np.frombuffer(data, kind, count, offset).reshape(weight["shape"])
            offset += count * kind.itemsize
    for node in graph.node:
        if node.op == "Const":
            value = values[node.name]
            node.attr["value"].tensor.CopyFrom(tensor_util.make_tensor_proto(value, value.dtype, value.shape))
            node.attr["dtype"].type = node.attr["value"].tensor.dtype
    names = [next(iter(model["signature"][side].values()))["name"] for side in ("inputs", "outputs")]
    return graph, names


def padded(picture):
    height, width = picture.shape[:2]
    return np.pad(picture, ((0, -height % MULTIPLE), (0, -width % MULTIPLE), (0, 0)), mode="reflect")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("pictures", type=pathlib.Path, nargs="+")
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--time", type=int, default=1, metavar="RUNS")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    graph, (source, result) = load_graph(options.model)
    function = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(graph, name=""), [])
    run = function.prune(source, result)
    for path in options.pictures:
        picture = np.asarray(Image.open(path).convert("RGB"), np.float32) / 255
        batch = tf.constant(padded(picture)[None])
        seconds = []
        for _ in range(options.time + (options.time > 1)):  # the first of several runs warms up
            start = time.perf_counter()
            restored = run(batch).numpy()[0, : picture.shape[0], : picture.shape[1]]
            seconds.append(time.perf_counter() - start)
        print(f"{path.name}: {picture.shape[1]}x{picture.shape[0]}, {min(seconds):.2f} s", flush=True)
        if options.out:
            options.out.mkdir(parents=True, exist_ok=True)
            np.save(options.out / (path.stem + ".npy"), restored)


if __name__ == "__main__":
    main()
