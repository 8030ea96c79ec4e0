"""What can be asked, one class a resource: typed questions in, models out. API and pages call the same methods.

Nothing here knows of HTTP. Every method raises Problem for a question that can't be, and StoreError if nobody answers.
"""
