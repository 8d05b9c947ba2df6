"""Where engines run on untrusted bytes: confined processes, limits, and the kill.

``Sandbox`` and ``InProcess`` share one shape, ``Runner``; ``Bench`` is the typed front that trusted code uses.
"""

from mediacore.sandbox.bench import Bench, Picture, Runner, Sniffed
from mediacore.sandbox.budget import BUDGETS, Budget
from mediacore.sandbox.inprocess import InProcess
from mediacore.sandbox.jail import Outcome, Sandbox
from mediacore.sandbox.lock import Level

__all__ = ["BUDGETS", "Bench", "Budget", "InProcess", "Level", "Outcome", "Picture", "Runner", "Sandbox", "Sniffed"]
