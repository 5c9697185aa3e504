"""The promises, tried from outside: real processes that are killed, starved and lied to, and a ledger."""
