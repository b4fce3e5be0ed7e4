"""What the host knows of boards: their files and tables, firmware compiled and packed for them."""
