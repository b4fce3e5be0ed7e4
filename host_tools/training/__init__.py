"""Makes the recogniser's network: text, glyphs, print and damage are generated, nothing is taken from real documents.

`python -m training.train` trains and exports, `python -m training.evaluate` reports on the development set and on a
third set (`physical`), which are drawn by other code from another cut of the font. Needs the packages of the extra
`train`.
"""
