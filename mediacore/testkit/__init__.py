"""For plugin authors and QA: provider simulators, hostile builders, strategies and the conformance suite."""

from mediacore.testkit.callbacks import Callback, Callbacks
from mediacore.testkit.customers import Devices, Received, ReceivedFile
from mediacore.testkit.mischief import Act, Mischief
from mediacore.testkit.running import Running
from mediacore.testkit.server import Server

__all__ = ["Act", "Callback", "Callbacks", "Devices", "Mischief", "Received", "ReceivedFile", "Running", "Server"]
