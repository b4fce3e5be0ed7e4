"""What a scanner did, kept for support without anything about people: visits, and whole links."""
