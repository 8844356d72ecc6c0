"""How much of what passes when: outbound queues, slices, timers. Pure: time is an argument."""
