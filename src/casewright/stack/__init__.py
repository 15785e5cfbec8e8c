"""The stack as processes of one machine: what runs, who restarts it, how it is, and what it logged."""
