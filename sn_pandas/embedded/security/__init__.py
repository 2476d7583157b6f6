"""Who may do what: entries, permissions and accounts, passwords and tokens."""
