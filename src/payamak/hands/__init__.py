"""What an operator does with a site and its messages, for whichever face asks."""
