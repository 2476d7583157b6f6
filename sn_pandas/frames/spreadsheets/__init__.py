"""Spreadsheets that are edited and read back: how cells are shown, and the frame that they represent."""
