"""The sample day of an invented company: raw logs, what the company approved, and the stories in it."""
