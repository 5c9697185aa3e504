"""Reception: the SMTP listener, an app without models."""
