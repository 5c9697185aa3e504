"""Mailboxes, their mail, and what people do with them."""
