"""The flows of Prefect. Each reads like the story of a production."""
