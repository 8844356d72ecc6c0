"""What every program of the project begins with: its command line, its output, and the server that it asks."""
