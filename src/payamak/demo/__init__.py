"""The demo: a whole gateway, two simulated operators and the manual's five scenarios, on one command."""
