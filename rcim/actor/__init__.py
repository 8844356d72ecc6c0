"""The conversation machines: a command in, an outcome out. The only place that assigns SEQ. No frames, no I/O."""
