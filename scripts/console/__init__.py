"""Pictures of the review console for the documentation."""
