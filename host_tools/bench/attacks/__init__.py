"""Attempts at a release without a passed check, one at a time, against the product's own code."""
