"""The one door to spending: a create is sent here or nowhere, and a lost answer is found again here."""
