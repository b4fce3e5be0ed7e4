"""The link to a scanner: transports, frames, messages, the session."""
