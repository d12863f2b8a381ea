"""Ends of chat completions in OpenAI's format (`finish_reason`) that aren't the model's own."""

# It was taken back on the way, or something else than a text was to come.
NO_ANSWER = ("abort", "content_filter", "error", "function_call", "tool_calls")
