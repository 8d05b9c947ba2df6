"""``python -m benchmarks``: one interleaved run of mediacore and its peers, a table and a plot."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks import judge, peers, report, score, sections
from benchmarks.clock import race
from benchmarks.inputs import Inputs
from benchmarks.jobs import KEYS, Stage, jobs
from benchmarks.sharp import Sharp
from mediacore.sandbox import Sandbox

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs" / "benchmarks"
FILES = ROOT.parent / "shared" / "corpus"
SHARP = ROOT / ".bench" / "node"
PACKAGES = ("pillow", "pyvips", "pymupdf", "pypdfium2", "pillow-heif", "av", "preview-generator", "ssimulacra2")


def main() -> int:
    """Run the jobs that were asked for, and write what came of all that were ever run."""
    options = _options()
    built = Path(tempfile.gettempdir()) / "mediacore-bench"
    keeping = options.out / "results"
    began, missed = time.monotonic(), False
    stage = Stage(Inputs(built, options.files if options.files.is_dir() else None), Sandbox(), Sharp.at(options.sharp))
    absent = peers.missing(stage.sharp)
    print(f"missing here: {', '.join(absent) or 'nothing'}", flush=True)
    try:
        for key in options.jobs or KEYS:
            done = []
            for job in jobs(stage, (key,)):
                done.append(judge.judged(job, race(job.arms, options.rounds or job.rounds)))
                print(report.table(done[-1]), flush=True)
            sections.keep(keeping, key, done)  # one by one, so that a run cut short loses only its last job
            missed = missed or any(section.missed for section in done)
    finally:
        stage.close()
        everything = sections.kept(keeping, KEYS)
        report.plot(everything, options.out / "results.png")
        text = "\n".join([_head(absent, time.monotonic() - began), *map(report.table, everything)])
        (options.out / "results.md").write_text(text, encoding="utf-8")
    return int(missed and options.strict)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    told = f"some of: {', '.join(KEYS)}; all when none is named"
    parser.add_argument("--jobs", nargs="+", default=[], metavar="JOB", help=told)
    parser.add_argument("--files", type=Path, default=FILES, help="a folder of real photos, HEICs and PDFs")
    parser.add_argument("--sharp", type=Path, default=SHARP, help="the folder where `npm install sharp` was run")
    parser.add_argument("--rounds", type=int, default=0, help="measured runs of each arm")
    parser.add_argument("--out", type=Path, default=DOCS, help="where the table and the plot go")
    parser.add_argument("--strict", action="store_true", help="fail when a promise is missed")
    options = parser.parse_args()
    if unknown := [job for job in options.jobs if job not in KEYS]:
        parser.error(f"no such job: {', '.join(unknown)}")
    return options


def _head(absent: list[str], seconds: float) -> str:
    have = []
    for package in PACKAGES:
        try:
            have.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return f"""# Benchmarks

Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}; its last run took {seconds:.0f} s. Every arm ran once in each
round, in a new order; `cpu` is the median of user and system time, `best` the shortest wall time. Machines differ, so
the ratios are what counts. Scores are {score.scorer()} against the original (at {score.VIEW} px on the longer side; "at
own pixels" a part of 1536x1152 at the source's own size). Names in bold are ours.

Python {platform.python_version()}, {os.cpu_count()} processors, {platform.machine()}; {", ".join(have)}.
Missing here: {", ".join(absent) or "nothing"}.

![Time against the first peer of each job](results.png)
"""


if __name__ == "__main__":
    sys.exit(main())
