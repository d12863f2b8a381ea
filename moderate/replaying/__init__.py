"""`moderate policy replay`: what an edited pack would have done to stored verdicts."""
