"""Reading and writing of videos, and reading of other programs' keypoints."""
