"""A simulated day at the counter, with everything that goes wrong on one; see ``__main__``."""
