"""Single contents and their files, permissions and members."""
