"""What ``df.sn.plot`` draws."""
