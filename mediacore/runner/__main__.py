"""``python -m mediacore.runner``: the same as ``mediacore``."""

from mediacore.runner.cli import main

main()
