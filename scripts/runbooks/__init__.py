"""The commands of docs/runbooks.md, run on the laptop cloud in the situations that they are for."""
