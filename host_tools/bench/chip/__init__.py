"""Cycles of every step on an emulated RP2040, beside a baseline."""
