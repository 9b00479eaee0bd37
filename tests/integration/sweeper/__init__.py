"""The sweeper against real servers."""
