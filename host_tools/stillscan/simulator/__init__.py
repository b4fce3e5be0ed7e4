"""The physical world and the chips in it, as seeded models on a virtual clock of microseconds since power-on."""
