"""Draws the wiring of a board as SVG: places (plan), symbols, and the text of the picture (svg)."""
