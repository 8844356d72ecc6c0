"""What the settings have to be, a module for each part of them."""
