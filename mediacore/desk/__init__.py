"""Helpdesks on the other side."""

from mediacore.desk.callback import CallbackDesk

__all__ = ["CallbackDesk"]
