"""A whole kiosk without hardware: one check in virtual time, and pictures of it."""
