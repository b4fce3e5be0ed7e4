"""What people who build, wire, flash and look after a kiosk need."""
