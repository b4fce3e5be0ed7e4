"""One check from the placing to the verdict: sweeps, strips, registration, the reader's stage, the result."""
