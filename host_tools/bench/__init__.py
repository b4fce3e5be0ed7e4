"""Benches of the product: motion, chip, reader, rules, records, soak. Not part of the wheel."""
