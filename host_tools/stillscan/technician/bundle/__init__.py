"""What support needs of a kiosk, as files that a person can read, without anything about people; and what it says."""
