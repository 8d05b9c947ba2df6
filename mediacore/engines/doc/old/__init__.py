"""The older Office's files and Outlook's messages, which are OLE compound files: their words, their facts, cleaned."""
