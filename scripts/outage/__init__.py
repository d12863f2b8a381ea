"""An hour without the vision endpoint: calculated for every upload, measured on a sample of them."""
