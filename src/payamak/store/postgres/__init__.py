"""The store on PostgreSQL: one writing connection with rounds for what pieces ask, connections for queries."""
