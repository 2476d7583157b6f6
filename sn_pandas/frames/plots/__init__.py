"""The plots of ``df.sn.plot``."""
