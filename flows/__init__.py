"""What runs. A flow reads like the story of a production."""
