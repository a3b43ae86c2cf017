"""Pure words and rules: what a message is, what may happen to it, and what that costs."""
