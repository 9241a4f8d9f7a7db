"""Disk encryption sets, disks and scale sets."""
