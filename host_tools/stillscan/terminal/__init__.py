"""The process and its terminal: requests to stop, output that is lost, defects. Python itself says nothing."""
