"""The user's network: its graph, where it can be tapped, and what is chosen."""
