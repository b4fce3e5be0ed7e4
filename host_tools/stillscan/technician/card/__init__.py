"""The printed test card: what stands on it, its PDF, and what a scan of it tells of a scanner."""
