"""Tools of set-up and maintenance, run as `python -m scripts.<name>`."""
