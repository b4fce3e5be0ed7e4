"""What is kept of letters and checks: consignments, audit chain, signed releases (see host_tools/docs/records.md)."""
