"""What is allowed: group types, rights, field limits. Pure: data and functions over it."""
