"""What the simulated customers do: write, send files, react, edit, take back; and the business in its phone app."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mediacore_whatsapp import simulator_shapes as shapes
from mediacore_whatsapp.simulator_files import RECEIVED, Files, Kept
from mediacore_whatsapp.simulator_pacing import Pacing
from mediacore_whatsapp.simulator_rules import Fault

INBOUND = 104_857_600
TOO_LARGE = Fault(131052, "Media download error", "Media file size too big. Max file size we currently support: 100MB.")
"""What a webhook says of a customer's file above 100 MB:
https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media"""
UNKNOWN = Fault(131051, "Message type unknown", "Message type is currently not supported.")
UNAVAILABLE = Fault(131060, "Message unavailable", "This message is currently unavailable.")
"""The first message to a number that is used in the phone app as well may come so."""


class Customers:
    """The customers of one number; customers are named by their number with a plus sign, or by a scoped user id."""

    account: str
    display: str
    phone_number_id: str
    files: Files
    pacing: Pacing
    urls: bool
    wrote: list[str]

    def address(self, kept: Kept) -> str:
        """A fresh address of a file, short-lived and good only with the token."""
        raise NotImplementedError

    def raw(self, payload: object) -> None:
        """Post anything to the webhook, signed."""
        raise NotImplementedError

    def inbound(self, sender: str, text: str = "", files: Sequence[tuple[str, str, bytes]] = (), **options: Any) -> str:  # noqa: ANN401 - keyword options of several types
        """A customer writes; WhatsApp has one file a message, so several files are several messages.

        Args:
            sender: the customer.
            text: their words; the caption of the first file that can bear one.
            files: name, MIME type and bytes of each.
            options: ``batch`` puts all messages into one delivery; ``voice``, ``animated`` mark the files;
                ``reply_to``, ``forwarded`` (``many`` for many times), ``referral`` and ``echo`` (the business wrote it
                in the phone app) mark the messages; ``name``, ``user_id``, ``hidden`` (no number) describe the
                customer; ``number`` is another phone number id of the same app.

        Returns:
            The id of the first message.
        """
        batch = options.pop("batch", False)
        flags = {name for name in ("voice", "animated") if options.pop(name, False)}
        left, pieces = text, []
        for name, declared, data in files:
            if len(data) > INBOUND:
                pieces.append(shapes.message("unsupported", None, errors=shapes.errors(TOO_LARGE)))
                continue
            form = shapes.form_of(declared)
            bears = form in ("image", "video", "document")
            kept = self.files.keep(self.phone_number_id, declared.partition(";")[0], name, data, RECEIVED)
            content = shapes.media(kept, form, declared, left if bears else "", self.address(kept) if self.urls else "")
            mark = {"audio": "voice", "sticker": "animated"}.get(form, "")
            if mark:
                content[mark] = mark in flags
            left = "" if bears else left
            pieces.append(shapes.message(form, content))
        if left or not pieces:
            pieces.append(shapes.message("text", {"body": left}))
        for group in [pieces] if batch else [[piece] for piece in pieces]:
            self.post(sender, group, **options)
        return str(pieces[0]["id"])

    def say(self, sender: str, kind: str, content: object, **options: Any) -> str:  # noqa: ANN401 - as for post
        """A customer sends a message of any type, such as ``location``, ``contacts``, ``order`` or ``system``."""
        piece = shapes.message(kind, content)
        self.post(sender, [piece], **options)
        return str(piece["id"])

    def react(self, sender: str, target: str, emoji: str | None) -> str:
        """A customer reacts; None takes the reaction back by leaving the emoji out, an empty one does the same."""
        return self.say(sender, "reaction", {"message_id": target, **({} if emoji is None else {"emoji": emoji})})

    def edit(self, sender: str, target: str, text: str) -> str:
        """A customer changes a message's words."""
        new = {"type": "text", "text": {"body": text}}
        return self.say(sender, "edit", {"original_message_id": target, "message": new})

    def share(self, sender: str, *people: Mapping[str, Any], **options: Any) -> str:  # noqa: ANN401 - as for post
        """A customer shares contacts, such as ``{"name": {"formatted_name": "Ada"}, "phones": [{"phone": "+1"}]}``."""
        return self.say(sender, "contacts", list(people), **options)

    def revoke(self, sender: str, target: str) -> str:
        """A customer takes a message back."""
        return self.say(sender, "revoke", {"original_message_id": target})

    def unsupported(self, sender: str, kind: str = "poll_creation", fault: Fault = UNKNOWN) -> str:
        """A customer sends what WhatsApp does not forward; with ``TOO_LARGE``, a file above 100 MB."""
        piece = shapes.message("unsupported", {"type": kind} if kind else None, errors=shapes.errors(fault))
        self.post(sender, [piece])
        return str(piece["id"])

    def post(
        self,
        sender: str,
        pieces: Sequence[dict[str, Any]],
        *,
        name: str = "Sheena Nelson",
        user_id: str = "",
        hidden: bool = False,
        reply_to: str = "",
        forwarded: bool | str = False,
        referral: Mapping[str, Any] | None = None,
        echo: bool = False,
        number: str = "",
    ) -> None:
        """Deliver messages of one customer in one webhook call; the options are those of ``inbound``."""
        side = "to" if echo else "from"
        if not sender.startswith("+"):
            user_id, hidden = sender, True
        user_id = user_id or shapes.scoped(sender)
        context: dict[str, Any] = {"from": self.display.lstrip("+"), "id": reply_to} if reply_to else {}
        context |= {"frequently_forwarded" if forwarded == "many" else "forwarded": True} if forwarded else {}
        for piece in pieces:
            piece |= {} if hidden else {side: sender.lstrip("+")}
            piece |= {f"{side}_user_id": user_id}
            piece |= {"from": self.display.lstrip("+")} if echo else {}
            piece |= {"context": context} if context else {}
            piece |= {"referral": dict(referral)} if referral else {}
        if not echo:
            self.pacing.wrote(*({user_id} if hidden else {user_id, sender}))
            self.wrote += [str(piece["id"]) for piece in pieces]
        people = [shapes.person(sender, name, user_id, hidden)]
        field, listed = ("smb_message_echoes", "message_echoes") if echo else ("messages", "messages")
        value = shapes.value(people, listed, pieces)
        self.raw(shapes.envelope(self.account, number or self.phone_number_id, self.display, field, value))
