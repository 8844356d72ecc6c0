"""All settings: how they are declared, where they come from, and what they leave open to others."""
