"""Many kiosks: what they tell a centre, what fails where, and updates that stop themselves."""
