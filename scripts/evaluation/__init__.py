"""Evaluation of the demo pipeline on labelled drawings, and of the decoder on hostile files."""
