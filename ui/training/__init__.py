"""The Networks page: what is asked for, the queue that trains it, and how it is shown."""
