"""Runs a network that network_bench saved, written plainly in PyTorch, and prints a JSON line of the same form.

    plain_pytorch.py SAVED THREADS

Fails where the two outputs differ by more than float32 explains.
"""
import json
import resource
import statistics
import sys
import time

import torch

import networks
import saved_case

ROUNDS = 7
AGREEMENT = 2e-4  # of the largest output


def main():
    case = saved_case.read(sys.argv[1])
    torch.set_num_threads(int(sys.argv[2]))
    run = getattr(networks, case.network)
    with torch.no_grad():
        out = run(case.weights, **case.inputs)
        error = saved_case.difference(out, case.out)
        if not error < AGREEMENT:
            sys.exit(f"plain_pytorch.py: {case.network} differs from daclip's by {error:.1e} of its largest value")
        seconds = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            run(case.weights, **case.inputs)
            seconds.append(time.perf_counter() - start)
    median = statistics.median(seconds)
    print(json.dumps({"network": case.network, "program": f"PyTorch {torch.__version__}", "precision": "f32",
                      "threads": torch.get_num_threads(), "seconds": median, "gflops": case.gflop / median,
                      "difference": error,
                      "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    main()
