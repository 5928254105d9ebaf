#!/usr/bin/env python3
"""Compares daclip's MAXIM with TensorFlow running the published graph: outputs and time, one row of a table.

    maxim_tensorflow.py GRAPH/model.json MODEL PROGRAM THREADS PICTURE...

GRAPH: a package's folder models/. MODEL: the same, imported by daclip. PROGRAM: daclip. The pictures' middles of
256x256 pixels run through both, with 16-bit outputs. Times are of 256x256 and 512x512 pixels, the median of
BENCH_ROUNDS (5; 0 measures no times) after one to warm up, without loading.
"""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from google.protobuf import json_format  # noqa: E402
from tensorflow.core.framework import graph_pb2  # noqa: E402
from tensorflow.python.framework import tensor_util  # noqa: E402

ROUNDS = int(os.environ.get("BENCH_ROUNDS", 5))
SIDE = 256


def load_graph(path):
    """The graph as a function of a batch, with the weights of the shards in its constants."""
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
    source, result = (next(iter(model["signature"][side].values()))["name"] for side in ("inputs", "outputs"))
    function = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(graph, name=""), [])
    return function.prune(source, result)


def middle(path, side):
    """A square of the picture, (side, side, 3) 8-bit, continued by its mirror image where the picture is smaller."""
    picture = tf.io.decode_image(path.read_bytes(), channels=3, expand_animations=False).numpy()
    picture = np.pad(picture, [(0, max(0, side - length)) for length in picture.shape[:2]] + [(0, 0)], "symmetric")
    top, left = ((length - side) // 2 for length in picture.shape[:2])
    return picture[top:top + side, left:left + side]


def by_daclip(program, model, pictures, precision, threads):
    with tempfile.TemporaryDirectory() as folder:
        before, after = pathlib.Path(folder, "before"), pathlib.Path(folder, "after")
        before.mkdir()
        for i, picture in enumerate(pictures):
            wide = tf.constant(picture.astype(np.uint16) * 257)
            (before / f"{i}.png").write_bytes(tf.io.encode_png(wide).numpy())
        subprocess.run([program, "restore", before, "-o", after, "--model", model, "--precision", precision,
                        "--threads", str(threads)], check=True, stdout=subprocess.DEVNULL)
        return [tf.io.decode_png((after / f"{i}.png").read_bytes(), dtype=tf.uint16).numpy() / 65535
                for i in range(len(pictures))]


def daclip_seconds(program, model, side, precision, threads):
    text = subprocess.run([program, "info", model, "--complexity", "--json", "--size", f"{side}x{side}", "--precision",
                           precision, "--threads", str(threads)], check=True, capture_output=True).stdout
    return json.loads(text)["networks"][-1]["seconds"]


def tensorflow_seconds(run, side):
    batch, seconds = tf.constant(np.random.default_rng(0).random((1, side, side, 3)), tf.float32), []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        run(batch).numpy()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[1:])


def main():
    graph, model, program, threads, *paths = sys.argv[1:]
    tf.config.threading.set_intra_op_parallelism_threads(int(threads))
    tf.config.threading.set_inter_op_parallelism_threads(int(threads))
    run = load_graph(pathlib.Path(graph))
    pictures = [middle(pathlib.Path(path), SIDE) for path in paths]
    wanted = [np.clip(run(tf.constant(p[None] / 255, tf.float32)).numpy()[0], 0, 1) for p in pictures]
    errors, decibels = [], []
    for exact, found in zip(wanted, by_daclip(program, model, pictures, "f32", threads)):
        errors.append(np.abs(exact - found).max() / exact.max())
    for exact, found in zip(wanted, by_daclip(program, model, pictures, "bf16", threads)):
        decibels.append(-10 * np.log10(np.mean((exact - found) ** 2)))
    row = [pathlib.Path(model).name, f"{max(errors):.1e}", f"{min(decibels):.1f}"]
    for side in (256, 512) if ROUNDS > 0 else ():
        slow = tensorflow_seconds(run, side)
        for precision in ("f32", "bf16"):
            fast = daclip_seconds(program, model, side, precision, threads)
            row.append(f"{fast:.2f} ({slow / fast:.1f}x)")
        row.insert(-2, f"{slow:.2f}")
    print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
