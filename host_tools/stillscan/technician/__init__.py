"""What people who build, wire and look after a kiosk need: boards and their pins, parts, power and pictures of them."""
