"""Work of a deployed review console for a person's decision. All of it is assumed: nothing was measured on AWS."""

REQUESTS = 10  # to the API: next, queue, reveal, decide, finish, and leases that are renewed every 30 s
SECONDS, MEMORY_GB = 0.2, 1.0  # of the API's function, a request
ENDING_SECONDS, ENDING_GB = 0.5, 0.5  # of the function that puts a decision into force
VOUCHING_SECONDS, VOUCHING_GB = 0.2, 1.0  # of the function that verifies whose decision it is
UPDATES = 6  # of the record: claimed, renewed, decided, in force, tagged, at home again
VOUCHES = 1  # update more, of an attribute that no index shows
MOVED_UNITS = 2  # of such an update: the record's entry in the index of the queue is deleted and written
AUDIT_ENTRIES = 3  # revealed, decided, in force
AUDIT_ENTRY_BYTES, AUDIT_MONTHS = 500, 60
ANSWER_BYTES = 10_000  # of a request, through CloudFront
PAGE_REQUESTS, PAGE_BYTES = 20, 200_000  # of a person, a day
LOG_BYTES = 1_500  # of a request: API Gateway's line, the function's, Lambda's own
