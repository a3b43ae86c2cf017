"""What callers ask for: who they are, and what is accepted of them."""
