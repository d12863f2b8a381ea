"""Words and codes in a picture as evidence: their text and place, and what is looked for in them."""
