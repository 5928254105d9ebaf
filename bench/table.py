"""Turns the JSON lines of network_bench and plain_pytorch.py on stdin into a Markdown table with ratios."""
import json
import sys

rows = [json.loads(line) for line in sys.stdin if line.strip()]
plain = {row["network"]: row["seconds"] for row in rows if row["program"].startswith("PyTorch") and row["precision"] == "f32"
         and "eager" in row.get("mode", "eager")}
print("| network | program | precision | threads | seconds | GFLOP/s | of the ceiling | peak MB | against plain PyTorch |")
print("|---|---|---|---|---|---|---|---|---|")
for row in rows:
    share = f"{row['gflops'] / row['ceiling']:.0%}" if "ceiling" in row else ""
    ratio = f"{plain[row['network']] / row['seconds']:.2f}x" if row["network"] in plain else ""
    print(f"| {row['network']} | {row['program']} | {row['precision']} | {row['threads']} | {row['seconds']:.3f} | "
          f"{row['gflops']:.0f} | {share} | {row['peak_mb']:.0f} | {ratio} |")
