"""Who may see and do what: callers and scopes, logins, rate limits, masking, and what the headers of answers say."""
