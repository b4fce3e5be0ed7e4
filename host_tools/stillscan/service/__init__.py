"""The kiosk as a service of the system: systemd's notifications, its unit, and a sample of the configuration."""
