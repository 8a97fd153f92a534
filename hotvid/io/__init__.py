"""Reading and writing of videos and pose stores."""
