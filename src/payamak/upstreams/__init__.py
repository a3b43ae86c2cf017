"""Who takes a message away: one adapter for each kind of link."""
