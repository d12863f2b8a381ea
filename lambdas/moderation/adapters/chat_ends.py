"""Ends of chat completions in OpenAI's format (`finish_reason`): any other means that somebody else ended the text."""

# The model's own, in the words of several servers; some name none.
OWN = (None, "", "stop", "stop_sequence", "eos", "eos_token", "end_turn")
# At the limit of the request.
CUT = ("length", "max_tokens")
