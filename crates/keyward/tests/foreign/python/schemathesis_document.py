"""Schemathesis makes requests of the document, sound and unsound ones, and holds every answer against it.

It takes `--seed` and `--examples`, so many requests of each operation and phase; otherwise both are fixed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import keyward

arguments = argparse.ArgumentParser()
arguments.add_argument("--seed", type=int, default=1)
arguments.add_argument("--examples", type=int, default=10)
arguments = arguments.parse_args()

folder = Path(__file__).parent
command = [sys.executable, "-B", "-m", "schemathesis.cli", "--config-file", str(folder / "schemathesis.toml")]
command += ["run", f"{keyward.URL}/openapi.json"]
command += ["--checks", "all", "--phases", "examples,coverage,fuzzing,stateful", "--mode", "all"]
command += ["--seed", str(arguments.seed), "--max-examples", str(arguments.examples)]
# Every failure is reported, and failures of an earlier run are not tried again.
command += ["--continue-on-failure", "--generation-database", "none", "--no-color"]
# The accounts are this run's own, so that a request can be repeated as it was.
command += ["--output-sanitize", "false"]
environment = {**os.environ, "SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(folder)}
# It would remember things from one run to the next, in the folder it runs in.
with tempfile.TemporaryDirectory() as place:
    raise SystemExit(subprocess.run(command, cwd=place, env=environment, check=False).returncode)
