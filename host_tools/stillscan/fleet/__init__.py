"""Many kiosks: their events on the way to a centre, the centre's state, and what it tells."""
