"""Documents, texts, mails and archives: their facts, their words, their likeness."""
