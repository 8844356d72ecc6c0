"""From results of the service to the frames that answer requests, a module for each family."""
