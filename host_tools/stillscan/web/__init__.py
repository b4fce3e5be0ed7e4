"""The clerk's page: what happens at the counter, live, in a browser on the kiosk's own computer."""
