"""Releases to many kiosks: signed with TUF, opened ring by ring, watched, and taken back."""
