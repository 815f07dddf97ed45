"""What every tracker writes in one shape, and which animals and points of it are taken."""
