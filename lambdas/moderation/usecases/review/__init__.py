"""Work of people on the review queue, one thing that is done a file; called by the console's functions and command."""
