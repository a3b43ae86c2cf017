"""The HTTP edge: the protocol, its limits, and the words of requests and answers that every dialect shares."""
