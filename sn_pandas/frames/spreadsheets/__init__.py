"""Spreadsheets that come back: what a cell shows in one, and the frame that it stands for."""
