"""mediacore: media in customer service, one plugin for each channel.

These are the public names. Plugins and the testkit import nothing else of mediacore.
"""

from mediacore.apart import Apart
from mediacore.calls import call, download
from mediacore.errors import (
    AuthNeeded,
    ConfigError,
    ContractError,
    InDoubt,
    MediacoreError,
    Permanent,
    PluginError,
    Refused,
    Retry,
)
from mediacore.events import (
    Batch,
    Deletion,
    Edit,
    Event,
    Fetched,
    Header,
    InboundMessage,
    Reaction,
    Remote,
    Request,
    Response,
    StatusUpdate,
    Unsupported,
)
from mediacore.hookspecs import HOOKS, Hooks, hookimpl
from mediacore.hosting import ASGIApp, Entry, Host, Route
from mediacore.inbox import Inbox
from mediacore.kinds import Kind, kind_of
from mediacore.limits import Accept, Blocked, Figure, Inbound, Limits, Message, Names, Pace, Text, Window
from mediacore.limits_file import override_limits, read_limits
from mediacore.messages import (
    Absent,
    Attachment,
    AttachmentState,
    Contact,
    Mark,
    Outgoing,
    Receipt,
    Status,
    Template,
    Uploaded,
)
from mediacore.mounting import channels, mount
from mediacore.plan import Action, Part, Plan, Step, plan
from mediacore.values import Facts, Finding, Fit, Json, Media, Region, Rendition, Severity

__all__ = [
    "HOOKS",
    "ASGIApp",
    "Absent",
    "Accept",
    "Action",
    "Apart",
    "Attachment",
    "AttachmentState",
    "AuthNeeded",
    "Batch",
    "Blocked",
    "ConfigError",
    "Contact",
    "ContractError",
    "Deletion",
    "Edit",
    "Entry",
    "Event",
    "Facts",
    "Fetched",
    "Figure",
    "Finding",
    "Fit",
    "Header",
    "Hooks",
    "Host",
    "InDoubt",
    "Inbound",
    "InboundMessage",
    "Inbox",
    "Json",
    "Kind",
    "Limits",
    "Mark",
    "Media",
    "MediacoreError",
    "Message",
    "Names",
    "Outgoing",
    "Pace",
    "Part",
    "Permanent",
    "Plan",
    "PluginError",
    "Reaction",
    "Receipt",
    "Refused",
    "Region",
    "Remote",
    "Rendition",
    "Request",
    "Response",
    "Retry",
    "Route",
    "Severity",
    "Status",
    "StatusUpdate",
    "Step",
    "Template",
    "Text",
    "Unsupported",
    "Uploaded",
    "Window",
    "call",
    "channels",
    "download",
    "hookimpl",
    "kind_of",
    "mount",
    "override_limits",
    "plan",
    "read_limits",
]
