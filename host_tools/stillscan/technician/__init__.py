"""What a technician does with a kiosk: put firmware on its board."""
