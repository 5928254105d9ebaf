"""Turns the JSON lines of network_bench and peers.py on stdin into a Markdown table with ratios.

The ratios compare with the first PyTorch of each network in float32, and with OpenVINO in the same precision.
"""
import json
import sys

rows = [json.loads(line) for line in sys.stdin if line.strip()]
plain, openvino = {}, {}
for row in rows:
    if "seconds" not in row:
        continue
    if row["program"].startswith("PyTorch") and row["precision"] == "f32":
        plain.setdefault(row["network"], row["seconds"])
    if row["program"].startswith("OpenVINO"):
        openvino[row["network"], row["precision"]] = row["seconds"]

columns = ["network", "program", "precision", "threads", "seconds", "GFLOP/s", "of the ceiling", "peak MB",
           "difference", "against plain PyTorch"] + (["against OpenVINO"] if openvino else [])
print("| " + " | ".join(columns) + " |")
print("|---" * len(columns) + "|")
for row in rows:
    cells = [row["network"], row["program"], row["precision"], str(row["threads"])]
    if "seconds" in row:
        def ratio(other):
            return f"{other / row['seconds']:.2f}x" if other else ""
        cells += [f"{row['seconds']:.3f}", f"{row['gflops']:.0f}",
                  f"{row['gflops'] / row['ceiling']:.0%}" if "ceiling" in row else "", f"{row['peak_mb']:.0f}",
                  f"{row['difference']:.0e}" if "difference" in row else "", ratio(plain.get(row["network"]))]
        if openvino:
            cells.append(ratio(openvino.get((row["network"], row["precision"]))))
    else:
        cells += [row["note"]] + [""] * (len(columns) - 5)
    print("| " + " | ".join(cells) + " |")
