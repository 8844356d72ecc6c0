"""One module per family of frames: frame -> command, result -> frame. The only room that knows both."""
