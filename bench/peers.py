"""Runs a network that network_bench saved, written plainly in PyTorch, and prints a JSON line of the same form.

    peers.py SAVED THREADS eager|compiled|openvino f32|bf16

eager: PyTorch, operation by operation. compiled: torch.compile with the weights frozen, as PyTorch advises for the CPU.
openvino: the same PyTorch code converted. Fails where the output differs from daclip's in float32 by more than the
precision explains.
"""
import json
import os
import resource
import statistics
import sys
import time
import warnings

import torch

import networks
import saved_case

ROUNDS = int(os.environ.get("BENCH_ROUNDS", 7))
AGREEMENT = {"f32": 2e-4, "bf16": 0.1}  # relative to the largest output; bfloat16 keeps 8 bits over a hundred layers
TYPES = {"f32": torch.float32, "bf16": torch.bfloat16}


class Network(torch.nn.Module):
    """A function of named weights and of inputs as a module, which is what the compilers know to freeze."""

    def __init__(self, case):
        super().__init__()
        self.function, self.names = getattr(networks, case.network), {}
        self.time = {"time": case.time} if case.time is not None else {}
        for i, (name, value) in enumerate(case.weights.items()):
            self.names[name] = f"w{i}"
            self.register_buffer(f"w{i}", value)

    def forward(self, *inputs):
        return self.function({name: getattr(self, key) for name, key in self.names.items()}, *inputs, **self.time)


def by_pytorch(case, program, precision, inputs):
    network = Network(case).eval().to(TYPES[precision])
    inputs = [x.to(TYPES[precision]) for x in inputs]
    if program == "compiled":
        from torch._inductor import config
        config.freezing = True
        network = torch.compile(network)
    return f"PyTorch {torch.__version__.split('+')[0]} {program}", lambda: network(*inputs)


def by_openvino(case, precision, inputs, threads):
    import openvino
    warnings.filterwarnings("ignore", category=FutureWarning)  # conversion uses traces, which PyTorch has deprecated
    model = openvino.convert_model(Network(case).eval(), example_input=tuple(inputs))
    compiled = openvino.Core().compile_model(model, "CPU", {
        "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": precision})
    arrays = [x.numpy() for x in inputs]
    return f"OpenVINO {openvino.__version__.split('-')[0]}", lambda: torch.from_numpy(compiled(arrays)[0])


def main():
    path, threads, program, precision = sys.argv[1:]
    torch.set_num_threads(int(threads))
    case = saved_case.read(path)
    inputs = list(case.inputs.values())
    with torch.no_grad():
        if program == "openvino":
            name, run = by_openvino(case, precision, inputs, int(threads))
        else:
            name, run = by_pytorch(case, program, precision, inputs)
        error = saved_case.difference(run(), case.out)
        if not error < AGREEMENT[precision]:
            sys.exit(f"peers.py: {name}, {precision}: {case.network} differs from daclip's by {error:.1e} of its "
                     "largest value")
        seconds = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - start)
    median = statistics.median(seconds)
    print(json.dumps({"network": case.network, "program": name, "precision": precision, "threads": int(threads),
                      "seconds": median, "gflops": case.gflop / median, "difference": error,
                      "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    main()
