"""What comparing a PIN costs in tests: next to nothing, where the product takes a tenth of a second of a core."""

from argon2 import PasswordHasher

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""What a hash costs where its cost is not what is tried: the least that the library takes."""
