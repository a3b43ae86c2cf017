"""What is told to customers by HTTP: webhooks of states, the relay of received messages."""
