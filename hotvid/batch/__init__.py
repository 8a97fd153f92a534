"""Folders of videos: what is to be done, done by many processes, and what came of it."""
