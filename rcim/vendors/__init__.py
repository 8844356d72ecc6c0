"""What other services call the things that rcim has: ids, keys and numbers, for callbacks and adapters alike."""
