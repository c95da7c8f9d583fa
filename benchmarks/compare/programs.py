"""Runs the benchmark programs of akin and reads what they print."""
import json
import subprocess
from pathlib import Path


class Programs:
    def __init__(self, folder, threads):
        self.folder, self.threads = Path(folder), threads
        self.header = ""  # version, instruction set, limits: of the program that ran last

    def run(self, program, pattern, *options, threads=None):
        """The lines whose names match, by name."""
        command = [str(self.folder / program), f"--benchmark_filter={pattern}", "--benchmark_format=json",
                   f"--threads={threads or self.threads}", *map(str, options)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip() or f'exit code {done.returncode}'}")
        report = json.loads(done.stdout)
        self.header = report["context"]["akin"]
        return {line["name"].split("/iterations:")[0]: line for line in report["benchmarks"]}

    def line(self, program, name, *options, threads=None):
        """The one line of that name. One that the program skipped has an "error_message"."""
        return self.run(program, f"^{name}(/iterations:.*)?$", *options, threads=threads)[name]
