"""Durable execution of the stories: claim, retry, give up, resume after a crash; the engine stays behind one port."""
