"""The forms in which receivers of other services expect callbacks: a module for each service."""
